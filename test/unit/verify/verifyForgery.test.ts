import { packChunk } from '../../../src/evidence/chunkPacker';
import type { Manifest } from '../../../src/evidence/manifest';
import {
  chunkKey,
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
} from '../../../src/evidence/objectKeys';
import { sha256Hex } from '../../../src/tlog/sha256';
import {
  verifySnapshot,
  type SnapshotOptions,
  type SnapshotReport,
} from '../../../src/verify/verifySnapshot';
import type { Layer } from '../../../src/verify/report';
import {
  auditRecord,
  auditRecords,
  evidenceKey,
  makeEvidence,
  readerOf,
  signEvidence,
  type Evidence,
  signManifest,
} from '../../harness/evidence';

const SNAPSHOT = 'snap-job-1';
const KEY = evidenceKey(1);
const RECORDS = [...auditRecords(5), auditRecord(5, { hash: 'f'.repeat(64) }), ...auditRecords(8).slice(6)];

type Objects = ReadonlyMap<string, Buffer>;
type Read = { key: string; versionId: string | undefined };

let evidence: Evidence;

beforeAll(async () => {
  evidence = await makeEvidence({ records: RECORDS, chunkRecords: 3 });
});

function verify(objects: Objects, options: Partial<SnapshotOptions> = {}): Promise<SnapshotReport> {
  return verifySnapshot(readerOf(objects), { snapshotId: SNAPSHOT, trust: evidence.trust, ...options });
}

/** The evidence with some of its objects replaced. */
function withObjects(...others: Iterable<[string, Buffer]>[]): Objects {
  return new Map([...evidence.objects, ...others.flatMap((other) => [...other])]);
}

/** The evidence with a changed manifest that the pinned key has signed: only the records can show that it is wrong. */
function signedWith(members: Partial<Manifest>): Objects {
  return withObjects(signEvidence({ ...evidence.manifest, ...members }, KEY));
}

function withChunk(members: Partial<Manifest['chunks'][number]>): Partial<Manifest> {
  return {
    chunks: evidence.manifest.chunks.map((chunk) => (chunk.index === 1 ? { ...chunk, ...members } : chunk)),
  };
}

function failedLayers({ failures }: SnapshotReport): Layer[] {
  return [...new Set(failures.map(({ layer }) => layer))];
}

test('a record that was sealed with a hash that does not match is a finding, not a failure', async () => {
  const report = await verify(evidence.objects);
  expect(report).toMatchObject({ verdict: 'VERIFIED', recordCount: 8, findingCount: 1, failureCount: 0 });
  const counts = report.layers.map(({ layer, passed, total }) => [layer, passed, total]);
  expect(counts).toEqual([
    ['manifest', 3, 3],
    ['signature', 3, 3],
    ['checkpoint', 1, 1],
    ['stored bytes', 3, 3],
    ['chunks', 3, 3],
    ['records', 8, 8],
    ['record hashes', 9, 9],
    ['roots', 4, 4],
    ['log digest', 1, 1],
  ]);
});

test.each<[string, Layer, () => Partial<Manifest>]>([
  ['another log digest', 'log digest', () => ({ logHashDigest: '0'.repeat(64) })],
  [
    'a finding left out',
    'record hashes',
    () => ({
      findings: { counts: { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 }, records: [] },
    }),
  ],
  ['an extra finding', 'record hashes', () => withFinding('hash-missing', 2)],
  ['a finding of another kind', 'record hashes', () => withFinding('hash-repeated')],
  ['another hash scheme', 'record hashes', () => ({ logHashScheme: 'opaque' })],
  ['another digest of a chunk', 'stored bytes', () => withChunk({ sha256: '0'.repeat(64) })],
  ['another first record', 'chunks', () => withChunk({ first: positionAt(3, 'e') })],
  ['another last record', 'chunks', () => withChunk({ last: positionAt(5, 'e') })],
])('a signed manifest with %s is NOT VERIFIED in the layer %s', async (_, layer, members) => {
  const report = await verify(signedWith(members()));
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(failedLayers(report)).toEqual([layer]);
});

test.each<[string, (records: Buffer[]) => Buffer[], string[]]>([
  [
    'a record altered',
    ([a, , c]) => [a!, auditRecord(4, { actor: 'mallory' }), c!],
    ['record hashes', 'roots'],
  ],
  [
    'a record and its hash altered',
    ([a, , c]) => [a!, auditRecord(4, { action: 'x', hash: undefined }), c!],
    ['record hashes', 'roots', 'log digest'],
  ],
  ['a record dropped', ([a, , c]) => [a!, c!], ['chunks', 'record hashes', 'roots', 'log digest']],
  ['two records swapped', ([a, b, c]) => [b!, a!, c!], ['chunks', 'records', 'roots', 'log digest']],
  ['a record added', ([a, b, c]) => [a!, b!, auditRecord(44), c!], ['chunks', 'record hashes']],
  ['a record twice', ([a, b, c]) => [a!, b!, b!, c!], ['chunks', 'records', 'record hashes']],
  ['no records', () => [], ['chunks', 'record hashes', 'roots', 'log digest']],
  [
    'a member of sealing in a record',
    ([a, , c]) => [a!, auditRecord(4, { immutable: true }), c!],
    ['chunks', 'roots'],
  ],
])('a chunk with %s is NOT VERIFIED, although the manifest signs its digest', async (_, change, layers) => {
  const body = await packChunk(change(RECORDS.slice(3, 6)));
  const objects = new Map(signedWith(withChunk({ sha256: sha256Hex(body), bytes: body.length })));
  const report = await verify(objects.set(chunkKey(SNAPSHOT, 1), body));
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(failedLayers(report).toSorted()).toEqual(layers.toSorted());
});

test.each([
  ['one byte', Buffer.of(0)],
  ['JSON', Buffer.from('{"records":[]}')],
  ['half of a chunk', undefined],
])('a chunk of %s is NOT VERIFIED, although the manifest signs its digest', async (_, given) => {
  const body = given ?? evidence.objects.get(chunkKey(SNAPSHOT, 1))!.subarray(0, 100);
  const objects = new Map(signedWith(withChunk({ sha256: sha256Hex(body), bytes: body.length })));
  const report = await verify(objects.set(chunkKey(SNAPSHOT, 1), body));
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures).toEqual([
    expect.objectContaining({ layer: 'chunks', kind: 'invalid', object: chunkKey(SNAPSHOT, 1) }),
  ]);
});

test('an altered record in a chunk that was packed again is named with its id, chunk and index', async () => {
  const altered = auditRecord(4, { actor: 'mallory' });
  const body = await packChunk([RECORDS[3]!, altered, RECORDS[5]!]);
  const report = await verify(withObjects([[chunkKey(SNAPSHOT, 1), body]]));
  const named = report.failures.filter(({ object }) => object.startsWith('record '));
  expect(named).toEqual([
    {
      layer: 'record hashes',
      kind: 'invalid',
      object: 'record 000000000000000000000004 [chunk=snapshots/snap-job-1/chunks/000001.bson.gz, index=1]',
      expected: 'hash fits',
      found: 'hash-mismatch',
    },
  ]);
  expect(report.verdict).toBe('NOT VERIFIED');
});

let other: Evidence;
const renamed = (key: string): [string, Buffer] => [
  key,
  other.objects.get(key.replace(SNAPSHOT, other.manifest.snapshotId))!,
];

beforeAll(async () => {
  other = await makeEvidence({ records: RECORDS, chunkRecords: 3, jobId: 'job-2' });
});

test.each<[string, string, Layer]>([
  ['manifest', manifestKey(SNAPSHOT), 'manifest'],
  ['signature', manifestSignatureKey(SNAPSHOT), 'signature'],
  ['checkpoint', snapshotCheckpointKey(SNAPSHOT), 'checkpoint'],
])('the %s of another snapshot under the key of this one is NOT VERIFIED', async (_, key, layer) => {
  const report = await verify(withObjects([renamed(key)]));
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(failedLayers(report)).toEqual([layer]);
  expect(report.failures[0]?.object).toBe(key);
});

test('all objects of another snapshot under the keys of this one are NOT VERIFIED', async () => {
  const report = await verify(new Map([...evidence.objects.keys()].map(renamed)));
  expect(report.verdict).toBe('NOT VERIFIED');
});

test('a snapshot checkpoint of another size by the pinned key is NOT VERIFIED', async () => {
  const shorter = await makeEvidence({ records: RECORDS.slice(0, 7), chunkRecords: 3 });
  const key = snapshotCheckpointKey(SNAPSHOT);
  const report = await verify(withObjects([[key, shorter.objects.get(key)!]]));
  expect([report.verdict, failedLayers(report)]).toEqual(['NOT VERIFIED', ['checkpoint']]);
});

test('a snapshot that was made again under another key is NOT VERIFIED, although it is consistent in itself', async () => {
  const forged = await makeEvidence({ records: auditRecords(8), chunkRecords: 3, key: evidenceKey(2) });
  const report = await verify(forged.objects);
  expect([report.verdict, failedLayers(report)]).toEqual(['NOT VERIFIED', ['signature']]);
  await expect(verify(forged.objects, { trust: undefined })).resolves.toMatchObject({
    verdict: 'INCOMPLETE',
    key: 'self-asserted',
    failureCount: 0,
  });
});

test('a manifest that names the pinned key but is signed by another is NOT VERIFIED', async () => {
  const body = evidence.objects.get(manifestKey(SNAPSHOT))!;
  const signature = signManifest(evidence.manifest, body, evidenceKey(2));
  const report = await verify(withObjects([[manifestSignatureKey(SNAPSHOT), signature]]));
  expect([report.verdict, failedLayers(report)]).toEqual(['NOT VERIFIED', ['signature']]);
});

test('a snapshot under a key version that is not pinned is NOT VERIFIED', async () => {
  const key = { ...evidence.manifest.key, version: 2 };
  const report = await verify(signedWith({ key }));
  expect([report.verdict, failedLayers(report)]).toEqual(['NOT VERIFIED', ['signature']]);
});

test('every failure is counted, and the first of them are listed', async () => {
  const body = await packChunk(auditRecords(3).map((_, index) => auditRecord(index, { hash: 'none' })));
  const objects = withObjects([[chunkKey(SNAPSHOT, 0), body]]);
  const all = await verify(objects, { maxFailures: 100 });
  const some = await verify(objects, { maxFailures: 2 });
  expect(all.failures).toHaveLength(all.failureCount);
  expect(some).toEqual({ ...all, failures: all.failures.slice(0, 2) });
});

test('each chunk is read in the version that was signed, and progress ends at the last record', async () => {
  const reads: Read[] = [];
  const progress: number[] = [];
  const read = (key: string, versionId: string | undefined) => {
    reads.push({ key, versionId });
    return Promise.resolve(evidence.objects.get(key));
  };
  const onProgress = (records: number) => void progress.push(records);
  await verifySnapshot({ read }, { snapshotId: SNAPSHOT, trust: evidence.trust, onProgress });
  const chunks = evidence.manifest.chunks.map(({ key, versionId }) => ({ key, versionId }));
  expect(reads.filter(({ versionId }) => versionId !== undefined)).toEqual(chunks);
  expect(progress).toEqual([3, 6, 8]);
});

test('a failure to read any object is thrown, and gives no verdict', async () => {
  for (const broken of evidence.objects.keys()) {
    const read = (key: string) =>
      key === broken
        ? Promise.reject(new Error(`${key}: timed out`))
        : Promise.resolve(evidence.objects.get(key));
    const verified = verifySnapshot({ read }, { snapshotId: SNAPSHOT, trust: evidence.trust });
    await expect(verified).rejects.toThrow(`${broken}: timed out`);
  }
});

function positionAt(second: number, digit: string): { timestamp: string; id: string } {
  return { timestamp: `2026-01-31T00:00:0${second}.000Z`, id: digit.repeat(24) };
}

function withFinding(kind: 'hash-missing' | 'hash-repeated', index?: number): Partial<Manifest> {
  const [own] = evidence.manifest.findings.records;
  const counts = { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0, [kind]: 1 };
  if (index === undefined) return { findings: { counts, records: [{ ...own!, kind }] } };
  const records = [{ kind, index, id: index.toString(16).padStart(24, '0') }, own!];
  return { findings: { counts: { ...counts, 'hash-mismatch': 1 }, records } };
}
