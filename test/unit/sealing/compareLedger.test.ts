import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { compareLedger, compareProvenLedger } from '../../../src/sealing/compareLedger';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
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

/** As a command does it, which has not read the ledger before. */
const compare = async ({ store, ledger, signer, settings }: FakeDeps, origin: string = settings.origin) =>
  compareLedger(
    { store, ledger, ledgerIndex: new LedgerIndex(), settings: { origin } },
    await signer.listKeys(),
  );

const prove = async ({ store, ledger, signer, settings }: FakeDeps) =>
  compareProvenLedger({ store, ledger, ledgerIndex: new LedgerIndex(), settings }, await signer.listKeys());

test('a bucket and a database that agree differ in nothing, before the first snapshot and after each', async () => {
  await expect(compare(new FakeDeps())).resolves.toMatchObject({ size: 0, waiting: 0 });
  const deps = await sealedDays();
  await expect(compare(deps)).resolves.toMatchObject({ size: 2, waiting: 0 });
  await deps.ledger.append('snap-next', ledgerEntry(9));
  await expect(compare(deps)).resolves.toMatchObject({ size: 2, waiting: 1 });
});

test.each<[string, (deps: FakeDeps) => unknown, string, RegExp]>([
  [
    'an older checkpoint on top',
    ({ store }) => store.overwrite(LEDGER_CHECKPOINT_KEY, store.versions(LEDGER_CHECKPOINT_KEY)[0]!.body),
    'LEDGER_ROLLED_BACK',
    /over 1 entries, but an earlier version of it is over 2/,
  ],
  [
    'a delete marker on the checkpoint',
    ({ store }) => store.addDeleteMarker(LEDGER_CHECKPOINT_KEY),
    'LEDGER_ROLLED_BACK',
    /hidden by a delete marker/,
  ],
  [
    'a delete marker on a bundle',
    ({ store }) => store.addDeleteMarker('ledger/tile/entries/000.p/2'),
    'LEDGER_ROLLED_BACK',
    /delete marker/,
  ],
  [
    'other bytes as checkpoint',
    ({ store }) => store.overwrite(LEDGER_CHECKPOINT_KEY, Buffer.from('x')),
    'LEDGER_FORKED',
    /is not a checkpoint/,
  ],
  [
    'fewer rows in the database',
    (deps) => Object.assign(deps, { ledger: new FakeLedgerSequencer() }),
    'LEDGER_BEHIND',
    /ledger has 2 entries, the database only 0/,
  ],
])('%s is a difference', async (_, change, code, difference) => {
  const deps = await sealedDays();
  change(deps);
  await expect(compare(deps)).rejects.toMatchObject({ code, message: expect.stringMatching(difference) });
});

test('an entry that is not published yet must follow from a signed manifest', async () => {
  const deps = await sealedDays();
  await expect(prove(deps)).resolves.toMatchObject({ size: 2, waiting: 0 });
  // Every attempt of the job: the first, which makes progress, and three that make none.
  for (let nth = 2; nth < 6; nth++) deps.store.faults.failCall('replace', nth, 'lost');
  await new InProcessRun(deps, { maxAttempts: 1 })
    .run({ jobId: 'day-3', ...windowOf(3) })
    .catch(() => undefined);
  await expect(prove(deps)).resolves.toMatchObject({ size: 2, waiting: 1 });
  await deps.ledger.append('snap-job-9', ledgerEntry(9));
  await expect(prove(deps)).rejects.toMatchObject({ code: 'LEDGER_ENTRY_INVALID' });
});

test('a bucket of another origin is a difference', async () => {
  await expect(compare(await sealedDays(), 'other.example')).rejects.toMatchObject({
    code: 'ORIGIN_MISMATCH',
    message: expect.stringMatching(/holds the ledger of test\.example\/audit, not of other\.example/),
  });
});
