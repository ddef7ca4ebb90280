import {
  LEDGER_CHECKPOINT_KEY,
  chunkKey,
  ledgerTileKey,
  manifestKey,
} from '../../../src/evidence/objectKeys';
import { formatBundle } from '../../../src/tlog/tiles';
import { snapshotIdsOf } from '../../../src/verify/listObjects';
import type { Checked } from '../../../src/verify/report';
import { verifyEvidence, type EvidenceReport } from '../../../src/verify/verifyEvidence';
import { auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { failuresOf } from '../../harness/failures';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1, 7)], 3);
});

async function verify(change: (objects: Map<string, Buffer>) => void): Promise<EvidenceReport> {
  const objects = new Map(set.objects);
  change(objects);
  const listed = [...objects.keys()];
  const options = { trust: set.trust, found: snapshotIdsOf('the test', listed), listed };
  return (await verifyEvidence(readerOf(objects), options)).report;
}

async function listingOf(objects: ReadonlyMap<string, Buffer>): Promise<Checked> {
  const options = { trust: set.trust, found: [], listed: [...objects.keys()] };
  return (await verifyEvidence(readerOf(objects), options)).report.listing!;
}

test.each([
  ['snapshots/.DS_Store', 'a file of an operating system'],
  ['snapshots/snap-job-1/._manifest.json', 'a file of an operating system'],
  ['snapshots/Thumbs.db', 'a file of an operating system'],
  ['snapshots/snap-job-1/desktop.ini', 'a file of an operating system'],
  ['snapshots/snap-job-1/chunks/000000.bson.gz.part', 'an unfinished file of an export that was interrupted'],
  ['ledger/checkpoint.part', 'an unfinished file of an export that was interrupted'],
  ['ledger/tile/0/000.p/3.part', 'an unfinished file of an export that was interrupted'],
  ['snapshots/snap-job-1/chunks/000000.bson.gz.bak', 'a temporary or backup file'],
  ['snapshots/snap-job-1/.manifest.json.swp', 'a temporary or backup file'],
  ['ledger/checkpoint~', 'a temporary or backup file'],
  ['snapshots/.git/HEAD', 'a file of a development tool'],
  ['snapshots/snap-job-1/chunks/000003.bson.gz', 'a chunk that the manifest does not list'],
  ['snapshots/snap-job-1/extra', 'a foreign file'],
  ['snapshots/stray', 'a foreign file'],
  ['ledger/extra', 'a foreign file'],
  ['ledger/tile/0/000.p/4', 'not a tile of this ledger'],
  ['ledger/tile/entries/001.p/1', 'not a tile of this ledger'],
  ['ledger/tile/0/000', 'not a tile of this ledger'],
  ['ledger/tile/9/000.p/1', 'not a tile of this ledger'],
])('a directory with the foreign object %s is VERIFIED, and a note calls it %s', async (key, what) => {
  const report = await verify((objects) => objects.set(key, Buffer.from('x')));
  expect(report).toMatchObject({ verdict: 'VERIFIED', listing: { verdict: 'VERIFIED', failures: [] } });
  expect(report.listing!.notes).toEqual([`not evidence: ${key} (${what})`]);
});

test('a snapshot that a cancelled job left unsigned is one note, and not a failure', async () => {
  const report = await verify((objects) => {
    for (const index of [0, 1]) objects.set(chunkKey('snap-gone', index), Buffer.from('x'));
    objects.set(manifestKey('snap-gone'), objects.get(manifestKey('snap-job-1'))!);
  });
  expect(report.verdict).toBe('VERIFIED');
  expect(report.listing!.notes).toEqual([
    'not evidence: 3 objects of snapshots/snap-gone/, a snapshot that is not signed: its job was cancelled, failed or still runs',
  ]);
});

test('a signed snapshot that the ledger does not name is INCOMPLETE, not foreign', async () => {
  const more = await evidenceSet([auditRecords(7), [], auditRecords(1, 7), auditRecords(2, 8)], 3);
  const report = await verify((objects) => {
    for (const [key, body] of more.objects)
      if (key.startsWith('snapshots/snap-job-4/')) objects.set(key, body);
  });
  expect(report.verdict).toBe('INCOMPLETE');
  expect(report.snapshots.at(-1)).toMatchObject({
    snapshotId: 'snap-job-4',
    failures: [{ layer: 'ledger inclusion', kind: 'missing' }],
  });
});

test('a tile that continues the ledger shows that a newer checkpoint is missing, and one that contradicts it is a fork', async () => {
  const entries = [...set.entries, ledgerEntry(7)];
  const later = ledgerObjects(entries);
  for (const key of ['ledger/tile/entries/000.p/4', 'ledger/tile/0/000.p/4']) {
    const continued = await verify((objects) => objects.set(key, later.get(key)!));
    expect(continued.listing).toMatchObject({
      verdict: 'INCOMPLETE',
      failures: [{ object: key, expected: 'a signed checkpoint over more than 3 entries' }],
    });
    const other = ledgerObjects([...entries.slice(1), ledgerEntry(8)]);
    const forked = await verify((objects) => objects.set(key, other.get(key)!));
    expect(forked.listing).toMatchObject({
      verdict: 'NOT VERIFIED',
      failures: [{ object: key, found: 'another history' }],
    });
  }
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
  const foreign: readonly (readonly [string, Buffer])[] = [
    [ledgerTileKey(2, 0, 1), parents.subarray(0, 32)],
    [ledgerTileKey('entries', 2, 9), bundle(8, 512)],
    ['ledger/tile/0/000.p/256', hashes],
    ['ledger/tile/entries/000.p/999', bundle(256)],
  ];
  for (const [key, body] of foreign) await expect(listing(key, body)).resolves.toEqual([]);
});

test('nothing is said about objects of a ledger that cannot be read', async () => {
  const gone = await failuresOf(set, (objects) => {
    objects.delete(LEDGER_CHECKPOINT_KEY);
    objects.set('ledger/more', Buffer.from('x'));
    objects.set('more', Buffer.from('x'));
  });
  expect(gone.filter((line) => line.startsWith('listing'))).toEqual([]);
});
