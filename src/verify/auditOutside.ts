import { contains, formatInstant } from '../contract/window';
import { describeLeftOut, totalLeftOut } from '../evidence/leftOut';
import type { DriftRun } from './driftRun';
import { readLive } from './liveRecord';
import { uncoveredBy } from './uncovered';
import type { Ledger } from './verifyLedger';

/**
 * Looks for marked records that no window shows: in log time that no snapshot covers, with a mark of another type, or with
 * a time that is no date. They become candidates; sealed ones among them are found in the evidence.
 */
export async function auditOutside(run: DriftRun): Promise<void> {
  const { records } = run.deps;
  const { ledger, signal } = run.options;
  const windows = ledger.entries.map(({ window }) => window);
  for (const { fromMs, untilMs } of uncoveredBy(windows))
    await addPlanted(run, records.scanMarked(fromMs, untilMs, signal));
  await addPlanted(run, records.scanOddMarks(signal));
  const leftOut = await records.countLeftOut({ uncovered: uncoveredBy(windows) });
  if (totalLeftOut(leftOut) > 0)
    run.tally.note(
      `sealing leaves out ${describeLeftOut(leftOut)} of the live log; audit-snapshot status says what to do`,
    );
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

function firstCovering({ entries }: Ledger, timestamps: readonly number[]): string | undefined {
  return entries.find(({ window }) => timestamps.some((ms) => contains(window, formatInstant(ms))))
    ?.snapshotId;
}
