import { entryOf, parseEntry, type LedgerEntry } from '../../../src/evidence/ledgerEntry';
import { LEDGER_CHECKPOINT_KEY, manifestKey, manifestSignatureKey } from '../../../src/evidence/objectKeys';
import { parseManifest } from '../../../src/evidence/manifest';
import { sha256Hex } from '../../../src/tlog/sha256';
import { FakeDeps } from '../../harness/fakeDeps';
import { flipBit } from '../../harness/flipBit';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

function sealHour(deps: FakeDeps, hour: number) {
  deps.logEntries(2, windowOf(hour).from);
  return new InProcessRun(deps).run({ jobId: `job-${hour}`, ...windowOf(hour) });
}

/** Seals hour 1 up to the signature; returns the entry that the ledger does not have yet. */
async function signedHour(deps: FakeDeps): Promise<LedgerEntry> {
  deps.logEntries(2, windowOf(1).from);
  const run = new InProcessRun(deps, { dieBefore: 'appendToLedger' });
  await expect(run.run({ jobId: 'job-1', ...windowOf(1) })).rejects.toThrow('died');
  const { body } = deps.store.versions(manifestKey('snap-job-1'))[0]!;
  return parseEntry(entryOf(parseManifest(body), sha256Hex(body)));
}

function insert(deps: FakeDeps, entry: LedgerEntry | Buffer, snapshotId = 'snap-job-1'): void {
  const bytes = Buffer.isBuffer(entry)
    ? entry
    : entryOf({ ...entry, leftOut: undefined }, entry.manifestSha256);
  deps.ledger.leaves.push({ snapshotId, entry: bytes });
}

describe('a row that someone inserted into the ledger', () => {
  test.each<[string, string, (deps: FakeDeps, real: LedgerEntry) => void]>([
    ['is not JSON', 'is not a ledger entry', (deps) => insert(deps, Buffer.from('nonsense'))],
    [
      'names a day that was never sealed',
      'the bucket has no manifest',
      (deps, real) => insert(deps, { ...real, snapshotId: 'snap-invented' }),
    ],
    [
      'has another window than the manifest',
      'does not follow from its manifest',
      (deps, real) => insert(deps, { ...real, window: windowOf(7) }),
    ],
    [
      'has another number of records than the manifest',
      'does not follow from its manifest',
      (deps, real) => insert(deps, { ...real, recordCount: 99 }),
    ],
    [
      'is a second entry of a published snapshot',
      'second entry of snap-job-0',
      (deps) => insert(deps, deps.ledger.leaves[0]!.entry),
    ],
    [
      'is there twice',
      'second entry of snap-job-1',
      (deps, real) => {
        insert(deps, real);
        insert(deps, real);
      },
    ],
    [
      'names a manifest with another signature',
      'not signed by the key',
      (deps, real) => {
        const key = manifestSignatureKey('snap-job-1');
        deps.store.overwrite(key, deps.store.versions(manifestSignatureKey('snap-job-0'))[0]!.body);
        insert(deps, real);
      },
    ],
    [
      'names a manifest that was changed',
      'manifest',
      (deps, real) => {
        const key = manifestKey('snap-job-1');
        deps.store.overwrite(key, flipBit(deps.store.versions(key)[0]!.body, 500));
        insert(deps, real);
      },
    ],
  ])('and that %s ends the job before anything is signed', async (_what, words, attack) => {
    const deps = new FakeDeps();
    await sealHour(deps, 0);
    const real = await signedHour(deps);
    attack(deps, real);
    const written = deps.store.keys().filter((key) => key.startsWith('ledger/'));
    await expect(sealHour(deps, 2)).rejects.toMatchObject({
      type: 'LEDGER_ENTRY_INVALID',
      message: expect.stringContaining(words),
    });
    expect(deps.store.keys().filter((key) => key.startsWith('ledger/'))).toEqual(written);
    expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(1);
  });

  test('and that names what was sealed is published', async () => {
    const deps = new FakeDeps();
    await sealHour(deps, 0);
    insert(deps, await signedHour(deps));
    await expect(sealHour(deps, 2)).resolves.toMatchObject({ ledgerIndex: 2 });
    await expect(sealHour(deps, 1)).resolves.toMatchObject({ ledgerIndex: 1 });
  });
});
