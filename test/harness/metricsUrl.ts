import { readFileSync } from 'node:fs';

/** The URL that a process logged for its metrics. */
export function metricsUrl(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const line = lines.find((text) => text.includes('"serving metrics"'));
  return (JSON.parse(line!) as { url: string }).url;
}
