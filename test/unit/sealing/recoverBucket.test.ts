import { LEDGER_CHECKPOINT_KEY, ledgerTileKey, manifestKey } from '../../../src/evidence/objectKeys';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { compareLedger } from '../../../src/sealing/compareLedger';
import { recoverBucket } from '../../../src/sealing/recoverBucket';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;

async function sealHours(count: number): Promise<FakeDeps> {
  const deps = new FakeDeps();
  for (let hour = 0; hour < count; hour++) {
    const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
    const window = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
    deps.logEntries(2, window.from);
    await new InProcessRun(deps).run({ jobId: `job-${hour}`, ...window });
  }
  return deps;
}

/** Recovers with the keys that the signer lists as the pinned ones. */
async function recover(deps: FakeDeps, dryRun = false) {
  const { store, clock, settings } = deps;
  const keys = (await deps.signer.listKeys()).map(({ publicKey }) => publicKey);
  const removed: string[] = [];
  const removeMarker = async ({ key, versionId }: { key: string; versionId: string }) => {
    removed.push(key);
    deps.store.removeMarker(key, versionId);
  };
  return { ...(await recoverBucket({ store, clock, settings, keys, removeMarker }, dryRun)), removed };
}

async function agrees(deps: FakeDeps): Promise<number> {
  const { size } = await compareLedger(
    Object.assign(deps, { ledgerIndex: new LedgerIndex() }),
    await deps.signer.listKeys(),
  );
  return size;
}

test('a bucket that was not rolled back is not changed', async () => {
  const deps = await sealHours(2);
  const before = deps.store.versions(LEDGER_CHECKPOINT_KEY).length;
  await expect(recover(deps)).resolves.toEqual({ markers: [], checkpoint: null, removed: [] });
  expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(before);
});

test.each([
  ['the checkpoint', LEDGER_CHECKPOINT_KEY],
  ['the newest bundle', ledgerTileKey('entries', 0, 2)],
  ['a manifest', manifestKey('snap-job-0')],
])('a delete marker on %s is removed, and the ledger is whole again', async (_what, key) => {
  const deps = await sealHours(2);
  deps.store.addDeleteMarker(key);
  const found = await recover(deps, true);
  expect([found.markers.map((marker) => marker.key), found.removed]).toEqual([[key], []]);
  await recover(deps);
  await expect(agrees(deps)).resolves.toBe(2);
  await expect(deps.store.get(manifestKey('snap-job-0'), 1e6)).resolves.toBeDefined();
});

test('an older checkpoint on top is covered by the largest one, and nothing is deleted', async () => {
  const deps = await sealHours(3);
  const [oldest] = deps.store.versions(LEDGER_CHECKPOINT_KEY);
  deps.store.overwrite(LEDGER_CHECKPOINT_KEY, oldest!.body);
  await expect(agrees(deps)).rejects.toMatchObject({ code: 'LEDGER_ROLLED_BACK' });
  await expect(recover(deps)).resolves.toMatchObject({ checkpoint: { found: 1, largest: 3 }, removed: [] });
  await expect(agrees(deps)).resolves.toBe(3);
  expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(5);
});

test('a larger checkpoint by a key that is not pinned is not put on top', async () => {
  const [deps, other] = [await sealHours(1), await sealHours(2)];
  const foreign = other.store.versions(LEDGER_CHECKPOINT_KEY).at(-1)!;
  const own = deps.store.versions(LEDGER_CHECKPOINT_KEY).at(-1)!;
  deps.store.overwrite(LEDGER_CHECKPOINT_KEY, foreign.body);
  await expect(recover(deps)).resolves.toMatchObject({ checkpoint: { found: -1, largest: 1 } });
  expect(deps.store.versions(LEDGER_CHECKPOINT_KEY).at(-1)!.body).toEqual(own.body);
});
