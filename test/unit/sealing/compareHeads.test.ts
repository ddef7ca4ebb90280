import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { compareHeads } from '../../../src/sealing/compareHeads';
import { FakeDeps } from '../../harness/fakeDeps';
import { FakeLedgerSequencer } from '../../harness/fakes/fakeLedgerSequencer';
import { InProcessRun } from '../../harness/inProcessEngine';
import { ledgerEntry } from '../../harness/ledger';

const windowOf = (day: number) => ({
  from: new Date(Date.UTC(2026, 2, day)).toISOString(),
  to: new Date(Date.UTC(2026, 2, day + 1) - 1).toISOString(),
});

async function sealedDays(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  for (const day of [1, 2]) {
    deps.logEntries(3, windowOf(day).from);
    await new InProcessRun(deps).run({ jobId: `day-${day}`, ...windowOf(day) });
  }
  return deps;
}

const compare = ({ store, ledger: sequencer, settings: { origin } }: FakeDeps) =>
  compareHeads({ store, sequencer, origin });

test('a bucket and a database that agree differ in nothing, before the first snapshot and after each', async () => {
  await expect(compare(new FakeDeps())).resolves.toBeUndefined();
  const deps = await sealedDays();
  await expect(compare(deps)).resolves.toBeUndefined();
  await deps.ledger.append('snap-next', ledgerEntry(9));
  await expect(compare(deps)).resolves.toBeUndefined();
});

test.each<[string, (deps: FakeDeps) => unknown, RegExp]>([
  [
    'an older checkpoint on top',
    ({ store }) => store.overwrite(LEDGER_CHECKPOINT_KEY, store.versions(LEDGER_CHECKPOINT_KEY)[0]!.body),
    /is over 1 entries, an earlier one over 2/,
  ],
  [
    'a delete marker on the checkpoint',
    ({ store }) => store.addDeleteMarker(LEDGER_CHECKPOINT_KEY),
    /is over 0 entries, an earlier one over 2/,
  ],
  [
    'a delete marker on a bundle',
    ({ store }) => store.addDeleteMarker('ledger/tile/entries/000.p/2'),
    /delete marker/,
  ],
  [
    'other bytes as checkpoint',
    ({ store }) => store.overwrite(LEDGER_CHECKPOINT_KEY, Buffer.from('x')),
    /is not a checkpoint/,
  ],
  [
    'fewer rows in the database',
    (deps) => Object.assign(deps, { ledger: new FakeLedgerSequencer() }),
    /has 0 ledger entries and the bucket 2/,
  ],
])('%s is a difference', async (_, change, difference) => {
  const deps = await sealedDays();
  change(deps);
  await expect(compare(deps)).resolves.toMatch(difference);
});

test('a bucket of another origin is a difference', async () => {
  const { store, ledger: sequencer } = await sealedDays();
  await expect(compareHeads({ store, sequencer, origin: 'other.example' })).resolves.toMatch(
    /has the ledger of test\.example\/audit, not of other\.example/,
  );
});
