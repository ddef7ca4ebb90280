import { styleText } from 'node:util';
import type { JobStatus } from '../contract/jobStatus';

type Style = 'green' | 'red' | 'yellow';

const STATUS_STYLES: Readonly<Partial<Record<JobStatus, Style>>> = {
  succeeded: 'green',
  failed: 'red',
  running: 'yellow',
};

/** Whether standard output is a terminal that shows colors; NO_COLOR and FORCE_COLOR are respected. */
export function hasColors(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors();
}

/** `text` in a color, or as it is. */
export function paint(color: boolean, style: Style, text: string): string {
  return color ? styleText(style, text) : text;
}

/** The status of a job, in its color if standard output has colors. */
export function paintStatus(status: JobStatus): string {
  const style = STATUS_STYLES[status];
  return style === undefined ? status : paint(hasColors(), style, status);
}
