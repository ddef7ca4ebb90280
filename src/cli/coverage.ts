import { writeFile } from 'node:fs/promises';
import { coverageOf, type CoverageSpan } from '../verify/coverage';
import { drawCoverage } from './coverageSvg';
import { locateEvidence } from './evidenceSource';
import { EXIT, type Output } from './output';
import { openLedger } from './prove';
import { readWindow } from './readWindow';

export interface CoverageOptions {
  readonly key: string;
  readonly dir?: string;
  readonly from?: string;
  readonly to?: string;
  readonly svg?: string;
  readonly json?: boolean;
}

/** Prints what log time the ledger covers. Exit code 4 when a stretch is missing. */
export async function coverage(options: CoverageOptions, output: Output): Promise<number> {
  const ledger = await openLedger(await locateEvidence(options.dir), options.key);
  const counts = new Map(ledger.entries.map(({ snapshotId, recordCount }) => [snapshotId, recordCount]));
  const stretches = coverageOf(ledger.entries, readWindow(options));
  if (options.svg !== undefined) await writeFile(options.svg, drawCoverage(stretches));
  output.result(
    options.json === true
      ? JSON.stringify({ origin: ledger.origin, ledgerSize: ledger.size, stretches })
      : stretches.map((stretch) => describeStretch(stretch, counts)).join('\n') || 'nothing is sealed yet',
  );
  return stretches.some(({ state }) => state === 'missing') ? EXIT.incomplete : EXIT.ok;
}

function describeStretch(
  { from, to, state, snapshots }: CoverageSpan,
  counts: ReadonlyMap<string, number>,
): string {
  const records = (snapshotId: string) => counts.get(snapshotId) ?? 0;
  const [first, ...others] = snapshots;
  const late = others.filter((snapshotId) => records(snapshotId) > 0);
  const what =
    first === undefined
      ? ''
      : `${records(first)} records in ${first}${late.map((snapshotId) => `, ${records(snapshotId)} in ${snapshotId} (late, or overlapping)`).join('')}`;
  return `${from} → ${to}  ${state.padEnd(7)}  ${what}`.trimEnd();
}
