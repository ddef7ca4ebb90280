import { compareDatabase } from '../../../src/verify/compareDatabase';
import { auditFakes, readFakeLedger } from '../../harness/driftAudit';
import { FakeDeps } from '../../harness/fakeDeps';
import { FakeLedgerSequencer } from '../../harness/fakes/fakeLedgerSequencer';
import { InProcessRun } from '../../harness/inProcessEngine';
import { ledgerEntry } from '../../harness/ledger';

const windowOf = (day: number) => ({
  from: new Date(Date.UTC(2026, 2, day)).toISOString(),
  to: new Date(Date.UTC(2026, 2, day + 1) - 1).toISOString(),
});

/** Two sealed days. */
async function sealedDays(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  for (const day of [1, 2]) {
    deps.logEntries(3, windowOf(day).from);
    await new InProcessRun(deps).run({ jobId: `day-${day}`, ...windowOf(day) });
  }
  return deps;
}

async function sequencerOf(entries: readonly Buffer[]): Promise<FakeLedgerSequencer> {
  const sequencer = new FakeLedgerSequencer();
  for (const [index, entry] of entries.entries()) await sequencer.append(`snap-${index}`, entry);
  return sequencer;
}

test('a database that has the entries of the bucket, or more that are not published yet, differs in nothing', async () => {
  const deps = await sealedDays();
  const ledger = await readFakeLedger(deps);
  await expect(compareDatabase(deps.ledger, ledger)).resolves.toEqual({
    unpublished: 0,
    difference: undefined,
  });
  await deps.ledger.append('snap-next', ledgerEntry(9));
  await expect(compareDatabase(deps.ledger, ledger)).resolves.toEqual({
    unpublished: 1,
    difference: undefined,
  });
  const audit = await auditFakes(deps);
  expect(audit).toMatchObject({ drifts: [] });
  expect(audit.notes).toEqual([
    '1 ledger entries of the database are not published yet: a job publishes them',
  ]);
});

test.each<[string, (entries: readonly Buffer[]) => Buffer[], RegExp]>([
  ['has fewer entries', (entries) => entries.slice(0, 1), /has 1 ledger entries and the bucket 2/],
  ['has another entry', (entries) => [entries[0]!, ledgerEntry(7)], /first 2 ledger entries/],
  [
    'has its entries in another order, and one more',
    (entries) => [...entries.toReversed(), ledgerEntry(7)],
    /first 2/,
  ],
])('a database that %s is a difference of the live check', async (_, change, difference) => {
  const deps = await sealedDays();
  const ledger = await sequencerOf(change(await deps.ledger.list(0, 2)));
  const other = Object.assign(Object.create(deps) as FakeDeps, { ledger });
  const audit = await auditFakes(other);
  expect(audit.counts).toMatchObject({ evidence: 1 });
  expect(audit.drifts).toMatchObject([{ kind: 'evidence', object: 'ledger/checkpoint' }]);
  expect(audit.notes[0]).toMatch(difference);
});
