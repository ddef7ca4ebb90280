import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { formatBundle } from '../../../src/tlog/tiles';
import type { Checked } from '../../../src/verify/report';
import { verifyEvidence, type EvidenceReport } from '../../../src/verify/verifyEvidence';
import { auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { failuresOf } from '../../harness/failures';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1)], 3);
});

async function verify(change: (objects: Map<string, Buffer>) => void): Promise<EvidenceReport> {
  const objects = new Map(set.objects);
  change(objects);
  const options = { trust: set.trust, found: set.snapshotIds, listed: [...objects.keys()] };
  return (await verifyEvidence(readerOf(objects), options)).report;
}

async function listingOf(objects: ReadonlyMap<string, Buffer>): Promise<Checked> {
  const options = { trust: set.trust, found: [], listed: [...objects.keys()] };
  return (await verifyEvidence(readerOf(objects), options)).report.listing!;
}

test.each([
  'snapshots/snap-job-1/extra',
  'snapshots/snap-job-1/chunks/000003.bson.gz',
  'snapshots/snap-job-1/chunks/000000.bson.gz.bak',
  'ledger/extra',
  'ledger/tile/0/000.p/4',
  'ledger/tile/entries/001.p/1',
  'ledger/tile/0/000',
  'ledger/tile/9/000.p/1',
  'snapshots/stray',
])('a directory with %s, which nothing names, is NOT VERIFIED', async (key) => {
  const report = await verify((objects) => objects.set(key, Buffer.from('x')));
  expect(report.listing).toMatchObject({
    verdict: 'NOT VERIFIED',
    failures: [{ layer: 'listing', object: key }],
  });
  expect(report.verdict).toBe('NOT VERIFIED');
});

test('a directory may keep partial tiles of earlier sizes that the ledger still begins with', async () => {
  const entries = Array.from({ length: 600 }, (_, index) => ledgerEntry(index));
  const earlier = [
    ...ledgerObjects(entries.slice(0, 300)),
    ...ledgerObjects(entries.slice(0, 2)),
    ...ledgerObjects(entries.slice(0, 256)),
  ].filter(([key]) => key !== LEDGER_CHECKPOINT_KEY);
  const objects = new Map([...earlier, ...ledgerObjects(entries)]);
  await expect(listingOf(objects)).resolves.toMatchObject({ verdict: 'VERIFIED', failures: [] });
  for (const key of [
    'ledger/tile/entries/000.p/2',
    'ledger/tile/0/000.p/2',
    'ledger/tile/1/000.p/1',
    'ledger/tile/0/001.p/44',
  ]) {
    expect(objects.has(key)).toBe(true);
    const body = Buffer.from(objects.get(key)!);
    body[7]! ^= 1;
    await expect(listingOf(new Map(objects).set(key, body))).resolves.toMatchObject({
      failures: [{ object: key }],
    });
    const longer = Buffer.concat([objects.get(key)!, Buffer.alloc(32)]);
    await expect(listingOf(new Map(objects).set(key, longer))).resolves.toMatchObject({
      failures: [{ object: key }],
    });
  }
});

test('a directory with the partial tile of another history is NOT VERIFIED', async () => {
  const report = await verify((objects) =>
    objects.set(ledgerTileKey('entries', 0, 1), formatBundle([ledgerEntry(5)])),
  );
  expect(report.listing!.failures[0]!.object).toBe(ledgerTileKey('entries', 0, 1));
});

test('a partial tile of an earlier size is accepted only if the tile in force begins with it', async () => {
  const entries = Array.from({ length: 520 }, (_, index) => ledgerEntry(index));
  const objects = ledgerObjects(entries);
  const bundle = (count: number, from = 0) => formatBundle(entries.slice(from, from + count));
  const listing = async (key: string, body: Buffer) => {
    const all = new Map(objects).set(key, body);
    return (await listingOf(all)).failures.map(({ object }) => object);
  };
  const hashes = objects.get(ledgerTileKey(0, 0, 256))!;
  const parents = objects.get(ledgerTileKey(1, 0, 2))!;
  await expect(listing(ledgerTileKey('entries', 0, 5), bundle(5))).resolves.toEqual([]);
  await expect(listing(ledgerTileKey('entries', 0, 5), bundle(4))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(0, 0, 255), hashes.subarray(0, 255 * 32))).resolves.toEqual([]);
  await expect(listing(ledgerTileKey(0, 0, 255), hashes.subarray(0, 254 * 32))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(1, 0, 1), parents.subarray(0, 32))).resolves.toEqual([]);
  await expect(listing(ledgerTileKey(1, 0, 1), parents.subarray(32))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(1, 0, 1), parents)).resolves.toHaveLength(1);
  await expect(
    listing(ledgerTileKey(1, 0, 3), Buffer.concat([parents, parents.subarray(32)])),
  ).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(2, 0, 1), parents.subarray(0, 32))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey('entries', 2, 9), bundle(8, 512))).resolves.toHaveLength(1);
  await expect(listing('ledger/tile/0/000.p/256', hashes)).resolves.toHaveLength(1);
  await expect(listing('ledger/tile/entries/000.p/999', bundle(256))).resolves.toHaveLength(1);
});

test('nothing is said about objects of a ledger that cannot be read', async () => {
  const gone = await failuresOf(set, (objects) => {
    objects.delete(LEDGER_CHECKPOINT_KEY);
    objects.set('ledger/more', Buffer.from('x'));
    objects.set('more', Buffer.from('x'));
  });
  expect(gone.filter((line) => line.startsWith('listing'))).toEqual([
    'listing, invalid: more: expected an object that ledger or manifest names, found an object that nothing names',
  ]);
});
