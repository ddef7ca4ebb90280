import { boundsOf, contains, formatInstant, type Bounds } from '../contract/window';
import type { DriftRun } from './driftRun';
import { readLive } from './liveRecord';
import type { Ledger } from './verifyLedger';

/** The range of a date, in milliseconds (ECMA-262). */
const MAX_DATE_MS = 8.64e15;

/**
 * Looks for marked records that no window shows: in log time that no snapshot covers, with a mark of another type, or with
 * a time that is no date. They become candidates; sealed ones among them are found in the evidence.
 */
export async function auditOutside(run: DriftRun): Promise<void> {
  const { records } = run.deps;
  const { ledger, signal } = run.options;
  for (const { fromMs, untilMs } of uncoveredOf(ledger))
    await addPlanted(run, records.scanMarked(fromMs, untilMs, signal));
  await addPlanted(run, records.scanOddMarks(signal));
}

async function addPlanted(
  { candidates, options: { ledger, source } }: DriftRun,
  documents: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const document of documents) {
    const { id: recordId, timestamps, mark } = readLive(document, source.members);
    const snapshotId = firstCovering(ledger, timestamps) ?? '';
    const owner = mark.snapshotId;
    candidates.add({ kind: 'planted', recordId, snapshotId, chunk: null, timestamps, owner });
  }
}

/** All log time outside of the windows of the ledger, in order. */
function uncoveredOf({ entries }: Ledger): Bounds[] {
  const windows = entries.map(({ window }) => boundsOf(window)).toSorted((a, b) => a.fromMs - b.fromMs);
  const gaps: Bounds[] = [];
  let fromMs = -MAX_DATE_MS;
  for (const window of windows) {
    if (window.fromMs > fromMs) gaps.push({ fromMs, untilMs: window.fromMs });
    fromMs = Math.max(fromMs, window.untilMs);
  }
  return [...gaps, { fromMs, untilMs: MAX_DATE_MS }];
}

function firstCovering({ entries }: Ledger, timestamps: readonly number[]): string | undefined {
  return entries.find(({ window }) => timestamps.some((ms) => contains(window, formatInstant(ms))))
    ?.snapshotId;
}
