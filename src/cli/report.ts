import { writeFile } from 'node:fs/promises';
import { coverageOf } from '../verify/coverage';
import { verifyEvidence } from '../verify/verifyEvidence';
import { SOFTWARE } from '../version';
import { locateEvidence, readTrust } from './evidenceSource';
import type { Output } from './output';
import { exitCodeOfVerdict } from './printReport';
import { showProgress } from './progressLine';
import { readWindow } from './readWindow';
import { renderReport } from './reportHtml';

export interface ReportOptions {
  readonly key: string;
  readonly out: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Verifies a directory, or the whole bucket, and writes one HTML page about it. The exit code is that of `verify`. */
export async function report(
  target: string | undefined,
  options: ReportOptions,
  output: Output,
): Promise<number> {
  const place = await locateEvidence(target);
  const trust = await readTrust(options.key);
  const within = readWindow(options);
  const display = showProgress(process.stderr);
  const { report: checked, ledger } = await verifyEvidence(place.reader, {
    ...place,
    trust,
    ...(within ? { within } : {}),
    maxFailures: 200,
    onProgress: (_snapshotId, done, total) => display.update('verifying', done, total),
  });
  display.end();
  const entries = ledger?.entries ?? [];
  const page = renderReport({
    report: checked,
    stretches: coverageOf(entries, within),
    windows: new Map(entries.map(({ snapshotId, window }) => [snapshotId, window])),
    generatedAt: new Date().toISOString(),
    software: SOFTWARE,
  });
  await writeFile(options.out, page);
  const facts = { verdict: checked.verdict, out: options.out };
  output.result(options.json === true ? JSON.stringify(facts) : `wrote ${options.out}\n${checked.verdict}`);
  return exitCodeOfVerdict(checked.verdict);
}
