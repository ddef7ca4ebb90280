import { snapshotIdOf } from '../../../src/contract/names';
import {
  LEDGER_CHECKPOINT_KEY,
  chunkKey,
  ledgerTileKey,
  manifestKey,
  manifestSignatureKey,
} from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import type { ObjectStore } from '../../../src/ports/objectStore';
import { bucketReader } from '../../../src/verify/evidenceReaders';
import { verifyEvidence, type EvidenceOptions } from '../../../src/verify/verifyEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

async function seal(deps: FakeDeps, hour: number): Promise<void> {
  deps.logEntries(6, windowOf(hour).from);
  await new InProcessRun(deps).run({ jobId: `job-${hour}`, ...windowOf(hour) });
  deps.clock.advance(HOUR_MS);
}

async function setUp() {
  const deps = new FakeDeps();
  await seal(deps, 0);
  deps.signer.rotate();
  await seal(deps, 1);
  return deps;
}

/** Verifies a bucket as the command line does: nothing is known of it beforehand. */
async function verify(
  deps: FakeDeps,
  options: Partial<EvidenceOptions> = {},
  store: ObjectStore = deps.store,
) {
  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  const { report } = await verifyEvidence(bucketReader(store), { trust, found: [], ...options });
  const failures = [report.ledger, ...report.snapshots].flatMap((part) =>
    part.failures.map(({ layer, kind, object, found }) => `${layer}, ${kind}: ${object}: ${found}`),
  );
  return { ...report, failures };
}

/** Every method of a store, with some replaced. */
function storeWith(deps: FakeDeps, methods: Partial<ObjectStore>): ObjectStore {
  const { store } = deps;
  return {
    checkBucket: () => store.checkBucket(),
    putOnce: (...args) => store.putOnce(...args),
    replace: (...args) => store.replace(...args),
    get: (...args) => store.get(...args),
    listVersions: (prefix) => store.listVersions(prefix),
    readLock: (...args) => store.readLock(...args),
    extendLock: (...args) => store.extendLock(...args),
    setLegalHold: (...args) => store.setLegalHold(...args),
    readLegalHold: (...args) => store.readLegalHold(...args),
    ...methods,
  };
}

test('a bucket with a key rotation is VERIFIED, with the locks of its ledger', async () => {
  const report = await verify(await setUp());
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  // Bundle, tile and checkpoint.
  expect(report.ledger.layers).toContainEqual({ layer: 'ledger retention', passed: 3, total: 3 });
});

test('a trust file from before the rotation makes the bucket INCOMPLETE, and says what to do', async () => {
  const deps = await setUp();
  const [first] = await deps.signer.listKeys();
  const report = await verify(deps, { trust: makeTrustFile(deps.settings.origin, [first!]) });
  expect(report.verdict).toBe('INCOMPLETE');
  expect(report.ledger).toMatchObject({ verdict: 'INCOMPLETE', size: 1 });
  expect(report.ledger.failures[0]!.expected).toContain('export the trust file again');
  expect(report.snapshots.map(({ snapshotId, verdict }) => [snapshotId, verdict])).toEqual([
    ['snap-job-0', 'VERIFIED'],
    ['snap-job-1', 'INCOMPLETE'],
  ]);
});

test('one pinned key on a bucket with two of them is INCOMPLETE, and on a bucket of its own VERIFIED', async () => {
  const deps = await setUp();
  const [first, second] = await deps.signer.listKeys();
  const origin = deps.settings.origin;
  for (const { publicKey } of [first!, second!]) {
    const report = await verify(deps, { trust: { publicKey, origin } });
    expect(report.verdict).toBe('INCOMPLETE');
    expect(report.failures.filter((line) => line.includes('invalid'))).toEqual([]);
  }
  const single = new FakeDeps();
  await seal(single, 0);
  const [key] = await single.signer.listKeys();
  await expect(verify(single, { trust: { publicKey: key!.publicKey, origin } })).resolves.toMatchObject({
    verdict: 'VERIFIED',
    failures: [],
  });
});

test('a pinned key without an origin says that the origin is not pinned', async () => {
  const deps = new FakeDeps();
  await seal(deps, 0);
  const [key] = await deps.signer.listKeys();
  const pinned = { publicKey: key!.publicKey };
  const note = expect.stringContaining('origin: not pinned') as string;
  expect((await verify(deps, { trust: pinned })).notes).toContainEqual(note);
  expect(
    (await verify(deps, { trust: { ...pinned, origin: deps.settings.origin } })).notes,
  ).not.toContainEqual(note);
});

test('a ledger that an older key version signed than its newest snapshot is NOT VERIFIED', async () => {
  const deps = await setUp();
  const keys = await deps.signer.listKeys();
  const late = makeTrustFile(deps.settings.origin, keys);
  const swapped = { ...late, keys: late.keys.map((key, index) => ({ ...key, version: 2 - index })) };
  const report = await verify(deps, { trust: { ...swapped, keys: swapped.keys.toReversed() } });
  expect(report.ledger.failures).toContainEqual(
    expect.objectContaining({ layer: 'ledger checkpoint', found: 'a signature by key version 1' }),
  );
});

test('a signed snapshot that the ledger does not name is INCOMPLETE', async () => {
  const deps = await setUp();
  for (const keyOf of [manifestKey, manifestSignatureKey]) {
    const stored = await deps.store.get(keyOf('snap-job-0'), 1e6);
    deps.store.overwrite(keyOf('snap-job-9'), stored!.body);
  }
  const report = await verify(deps);
  expect(report.snapshots.map(({ snapshotId }) => snapshotId)).toEqual([
    'snap-job-0',
    'snap-job-1',
    'snap-job-9',
  ]);
  expect(report.verdict).not.toBe('VERIFIED');
});

test('a rolled back checkpoint leaves the later snapshot in the ledger, and the bucket is NOT VERIFIED', async () => {
  const deps = await setUp();
  deps.store.overwrite(LEDGER_CHECKPOINT_KEY, deps.store.versions(LEDGER_CHECKPOINT_KEY)[0]!.body);
  const report = await verify(deps);
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', ledger: { size: 2 } });
  expect(report.snapshots.map(({ verdict }) => verdict)).toEqual(['VERIFIED', 'VERIFIED']);
});

test('chunks without a signed manifest, and foreign objects, are notes', async () => {
  const deps = await setUp();
  deps.store.overwrite(chunkKey(snapshotIdOf('gone'), 0), Buffer.from('x'));
  deps.store.overwrite('snapshots/.DS_Store', Buffer.from('x'));
  const report = await verify(deps);
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.notes).toEqual(
    expect.arrayContaining([
      expect.stringContaining('1 objects of snapshots/snap-gone/'),
      'not evidence: snapshots/.DS_Store (a file of an operating system)',
    ]),
  );
});

test('a manifest that a delete marker hides is INCOMPLETE, and the note says that its versions are there', async () => {
  const deps = await setUp();
  deps.store.addDeleteMarker(manifestKey('snap-job-0'));
  const report = await verify(deps);
  expect(report.verdict).toBe('INCOMPLETE');
  expect(report.notes).toContain(
    'snapshots/snap-job-0/manifest.json is hidden by a delete marker; its versions are still there',
  );
});

test('a version that is gone is INCOMPLETE, and does not end the verification', async () => {
  const deps = await setUp();
  const key = chunkKey('snap-job-0', 0);
  const gone = deps.store.versions(key)[0]!.versionId;
  const store = storeWith(deps, {
    get: (object, maxBytes, versionId) =>
      versionId === gone ? Promise.resolve(undefined) : deps.store.get(object, maxBytes, versionId),
    readLock: (object, versionId) => deps.store.readLock(object, versionId === gone ? 'gone' : versionId),
  });
  const report = await verify(deps, {}, store);
  expect(report.verdict).toBe('INCOMPLETE');
  expect(report.failures).toEqual([`stored bytes, missing: ${key}: nothing`]);
});

describe('the locks of the ledger', () => {
  const bundle = ledgerTileKey('entries', 0, 2);

  test('a tile that is locked for less time than the newest snapshot is INCOMPLETE, with its time', async () => {
    const deps = await setUp();
    const until = new Date('2027-01-01T00:00:00.000Z');
    const store = storeWith(deps, {
      readLock: (key, versionId) =>
        key === bundle ? Promise.resolve({ mode: 'COMPLIANCE', until }) : deps.store.readLock(key, versionId),
    });
    const report = await verify(deps, {}, store);
    expect(report.verdict).toBe('INCOMPLETE');
    expect(report.ledger.failures).toEqual([
      {
        layer: 'ledger retention',
        kind: 'missing',
        object: bundle,
        expected:
          'COMPLIANCE until 2027-05-25T01:00:00.000Z or longer: the newest snapshot snap-job-1 is locked until 2027-06-01T01:00:00.000Z',
        found: 'COMPLIANCE until 2027-01-01T00:00:00.000Z',
      },
    ]);
  });

  test('the locks of the ledger may end seven days before that of the newest snapshot, and not earlier', async () => {
    const deps = await setUp();
    const verdictAt = async (until: string) => {
      const readLock = () => Promise.resolve({ mode: 'COMPLIANCE' as const, until: new Date(until) });
      const { ledger } = await verify(deps, {}, storeWith(deps, { readLock }));
      return ledger.verdict;
    };
    expect(await verdictAt('2027-05-25T01:00:00.000Z')).toBe('VERIFIED');
    expect(await verdictAt('2027-05-25T00:59:59.000Z')).toBe('INCOMPLETE');
  });

  test('a tile without a lock that lasts is NOT VERIFIED', async () => {
    const deps = await setUp();
    const store = storeWith(deps, {
      readLock: (key, versionId) =>
        key === bundle ? Promise.resolve(undefined) : deps.store.readLock(key, versionId),
    });
    const report = await verify(deps, {}, store);
    expect(report).toMatchObject({
      verdict: 'NOT VERIFIED',
      failures: [`ledger retention, invalid: ${bundle}: no lock`],
    });
  });

  test('of several versions of a tile the longest lock counts', async () => {
    const deps = await setUp();
    deps.store.overwrite(bundle, (await deps.store.get(bundle, 1e6))!.body);
    await expect(verify(deps)).resolves.toMatchObject({ verdict: 'VERIFIED' });
  });
});
