import { randomUUID } from 'node:crypto';
import { readStorageConfig } from '../../src/config';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../src/evidence/objectKeys';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { formatBundle } from '../../src/tlog/tiles';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { verifyLedger } from '../../src/verify/verifyLedger';
import { evidenceKey } from '../harness/evidence';
import { ledgerEntry, ledgerObjects, trustIn } from '../harness/ledger';
import { storageClient } from '../harness/lockedObject';
import { LedgerPublisher } from '../harness/publishedLedger';

const KEY = evidenceKey(1);
const BUNDLE = ledgerTileKey('entries', 0, 3);
const client = storageClient(process.env as Record<string, string>);
const entries = (count: number, salt = '') =>
  Array.from({ length: count }, (_, index) => ledgerEntry(index, salt));
const checkpointOf = (count: number, salt = '') =>
  ledgerObjects(entries(count, salt)).get(LEDGER_CHECKPOINT_KEY)!;

/** A bucket of its own with a ledger of three entries; locks are short, because nothing here waits for them. */
async function setUp() {
  const bucket = `rollback-${randomUUID()}`;
  await client.makeBucket(bucket, 'us-east-1', { ObjectLocking: true });
  const store = connectObjectStore({ ...readStorageConfig(), bucket });
  await new LedgerPublisher(store, KEY).publish(entries(3), new Date(Date.now() + 3_600_000));
  const verify = async () => {
    const { report } = await verifyLedger(bucketReader(store), { trust: trustIn(KEY), key: 'pinned' });
    return { ...report, found: report.failures.map(({ layer, found }) => `${layer}: ${found}`) };
  };
  const put = (key: string, body: Buffer) => client.putObject(bucket, key, body);
  return { bucket, store, verify, put };
}

describe('a ledger on the real object store', () => {
  test('is VERIFIED with every version that publishing left', async () => {
    const { verify } = await setUp();
    const report = await verify();
    expect(report).toMatchObject({ verdict: 'VERIFIED', size: 3, found: [] });
    expect(report.layers).toContainEqual({ layer: 'ledger versions', passed: 6, total: 6 });
  });

  test('shows an old checkpoint on top as a rollback', async () => {
    const { verify, put } = await setUp();
    await put(LEDGER_CHECKPOINT_KEY, checkpointOf(1));
    await expect(verify()).resolves.toMatchObject({
      verdict: 'NOT VERIFIED',
      size: 3,
      found: ['ledger checkpoint: rolled back: an older checkpoint over 1 entries is the newest version'],
    });
  });

  test('shows a delete marker on the checkpoint', async () => {
    const { bucket, verify } = await setUp();
    await client.removeObject(bucket, LEDGER_CHECKPOINT_KEY);
    await expect(verify()).resolves.toMatchObject({
      verdict: 'NOT VERIFIED',
      size: 3,
      found: ['ledger checkpoint: a delete marker, which hides the checkpoint'],
    });
  });

  test('shows a delete marker on a tile, and still reads the tile', async () => {
    const { bucket, verify } = await setUp();
    await client.removeObject(bucket, BUNDLE);
    await expect(verify()).resolves.toMatchObject({
      verdict: 'NOT VERIFIED',
      size: 3,
      found: ['ledger versions: a delete marker'],
    });
  });

  test('shows other bytes on top of a tile', async () => {
    const { verify, put } = await setUp();
    await put(BUNDLE, formatBundle(entries(3, 'otherwise')));
    await expect(verify()).resolves.toMatchObject({
      verdict: 'NOT VERIFIED',
      size: 3,
      found: ['ledger versions: other bytes: another history'],
    });
  });

  test('shows a second history of the same size', async () => {
    const { verify, put } = await setUp();
    for (const [key, body] of ledgerObjects(entries(3, 'otherwise'))) await put(key, body);
    const report = await verify();
    expect(report).toMatchObject({ verdict: 'NOT VERIFIED', size: 3 });
    expect(report.found.filter((line) => line.includes('another history'))).toHaveLength(3);
  });

  test('has no version and no lock where there is none', async () => {
    const { store } = await setUp();
    const { versionId } = (await store.get(BUNDLE, 1e6))!;
    const reader = bucketReader(store);
    await expect(reader.read(BUNDLE, 'no-such-version', 1e6)).resolves.toBeUndefined();
    await expect(reader.readLock!('ledger/missing', versionId)).resolves.toBe('no object');
  });
});
