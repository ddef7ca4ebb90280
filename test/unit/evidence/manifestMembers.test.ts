import { SnapshotError } from '../../../src/errors';
import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { MAX_LISTED_FINDINGS } from '../../../src/evidence/limits';
import { parseManifest, serializeManifest, type Manifest } from '../../../src/evidence/manifest';
import { vkeyOf } from '../../../src/tlog/note';
import { auditRecord, auditRecords, evidenceKey, makeEvidence } from '../../harness/evidence';
import { MALFORMED } from '../../harness/refusals';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

let manifest: Manifest;

beforeAll(async () => {
  const records = [...auditRecords(6), auditRecord(6, { hash: 'f'.repeat(64) }), auditRecord(7)];
  ({ manifest } = await makeEvidence({ records, chunkRecords: 3 }));
});

test('a manifest is read as it was written', () => {
  expect(parseManifest(serializeManifest(manifest))).toEqual(manifest);
  expect(manifest).toMatchObject({ recordCount: 8, findings: { counts: { 'hash-mismatch': 1 } } });
});

test('the manifest of an empty window is read as it was written', async () => {
  const empty = await makeEvidence({ records: [], chunkRecords: 3 });
  expect(parseManifest(serializeManifest(empty.manifest))).toEqual(empty.manifest);
});

test('a manifest without any one of its members, at any depth, is refused', () => {
  const paths = [...memberPaths(asJson())];
  expect(paths.length).toBeGreaterThan(60);
  expect(paths.filter((path) => reads(edited(path, () => undefined)))).toEqual([]);
});

test('a manifest with an unknown member in any of its objects is refused', () => {
  const paths = [[], ...memberPaths(asJson())].filter((path) => isObject(valueAt(path)));
  expect(paths).toHaveLength(19);
  expect(paths.filter((path) => reads(edited(path, withAnother)))).toEqual([]);
});

test.each<[string, Json]>([
  ['null', null],
  ['a boolean', true],
  ['a negative number', -1],
  ['an empty text', ''],
  ['a text of one space', ' '],
  ['an object', {}],
  ['a list in a list', [[]]],
])('a manifest with %s in place of any member is refused', (_, wrong) => {
  const paths = [...memberPaths(asJson())];
  // Free text cannot be checked, so a space is accepted there.
  const free = wrong === ' ' ? /^(software|source\.collection|chunks\.\d\.versionId)$/ : /^$/;
  const accepted = paths.filter((path) => !free.test(path.join('.')) && reads(edited(path, () => wrong)));
  expect(accepted).toEqual([]);
});

test('a manifest with a number that is fractional, text, or inconsistent with the others is refused', () => {
  const numbers = [...memberPaths(asJson())].filter((path) => typeof valueAt(path) === 'number');
  const accepted = (change: (value: number) => Json) =>
    numbers
      .filter((path) => reads(edited(path, (value) => change(value as number))))
      .map((path) => path.join('.'));
  expect(accepted((value) => `${value}`)).toEqual([]);
  expect(accepted((value) => value + 0.5)).toEqual([]);
  // Only the signature protects numbers that nothing else depends on: sizes, the key version, and the index of a finding.
  const alone = [
    'chunks.0.bytes',
    'chunks.1.bytes',
    'chunks.2.bytes',
    'findings.records.0.index',
    'key.version',
  ];
  expect(accepted((value) => value + 1).toSorted()).toEqual([...alone, 'late.recordCount'].toSorted());
});

test.each<[string, (value: Manifest) => Partial<Record<keyof Manifest, unknown>>]>([
  ['another format', () => ({ format: 'audit-snapshot/v2' })],
  ['an origin in capitals', () => ({ origin: 'Audit.example.org' })],
  ['an origin with a scheme', () => ({ origin: 'https://audit.example.org' })],
  ['an origin that ends with a slash', () => ({ origin: 'audit.example.org/' })],
  ['an origin with a newline', () => ({ origin: 'audit.example.org\n' })],
  ['another origin than its key', () => ({ origin: 'audit.example.com' })],
  ['the id of another job', () => ({ jobId: 'job-2' })],
  ['the id of another snapshot', () => ({ snapshotId: 'snap-job-2' })],
  ['a window that ends before it starts', ({ window }) => ({ window: { from: window.to, to: window.from } })],
  ['a window that ends too early', ({ window: { from } }) => ({ window: { from, to: from } })],
  ['a window that starts too late', ({ window: { to } }) => ({ window: { from: to, to } })],
  [
    'an instant without milliseconds',
    ({ window }) => ({ window: { ...window, from: '2026-01-31T00:00:00Z' } }),
  ],
  [
    'an instant with an offset',
    ({ window }) => ({ window: { ...window, from: '2026-01-31T00:00:00.000+00:00' } }),
  ],
  ['a day that does not exist', () => ({ openedAt: '2026-02-30T00:00:00.000Z' })],
  ['an hour that does not exist', () => ({ openedAt: '2026-02-01T24:00:00.000Z' })],
  ['one record less', ({ recordCount }) => ({ recordCount: recordCount - 1 })],
  ['the root of no tree', () => ({ root: Buffer.alloc(32).toString('base64') })],
  ['a root with bits after its last byte', ({ root }) => ({ root: spareBit(root) })],
  [
    'a digest in capitals',
    ({ logHashDigest }) => ({ logHashDigest: logHashDigest.toUpperCase().replace(/^./, 'A') }),
  ],
  ['an unknown hash scheme', () => ({ logHashScheme: 'md5' })],
  ['a lock that can be lifted', ({ retention }) => ({ retention: { ...retention, mode: 'GOVERNANCE' } })],
  ['more late records than records', () => ({ late: { recordCount: 9, snapshots: [] } })],
  ['a late snapshot that is not a snapshot id', () => ({ late: { recordCount: 1, snapshots: ['job-0'] } })],
  ['its last chunk missing', ({ chunks }) => ({ chunks: chunks.slice(0, -1) })],
  ['its first chunk missing', ({ chunks }) => ({ chunks: chunks.slice(1) })],
  ['a chunk twice', ({ chunks }) => ({ chunks: [...chunks, chunks[2]] })],
  ['chunks out of order', ({ chunks }) => ({ chunks: chunks.toReversed() })],
  ['a chunk of another snapshot', withChunk(1, { key: 'snapshots/snap-job-2/chunks/000001.bson.gz' })],
  [
    'a chunk whose key leads out of the snapshot',
    withChunk(1, { key: 'snapshots/snap-job-1/chunks/../000001.bson.gz' }),
  ],
  ['a chunk without records', withChunk(1, { count: 0 })],
  ['a chunk without nodes', withChunk(1, { nodes: [] })],
  ['chunks that overlap', withChunk(1, { begin: 2 })],
  ['a chunk before its window', withChunk(0, { first: at('2026-01-30T23:59:59.999Z') })],
  ['a chunk after its window', withChunk(2, { last: at('2026-02-01T00:00:00.000Z') })],
  [
    'a chunk that starts before the previous one ends',
    withChunk(1, { first: at('2026-01-31T00:00:01.999Z') }),
  ],
  ['a chunk that ends before it starts', withChunk(1, { last: at('2026-01-31T00:00:02.999Z') })],
  [
    'a record id of another form',
    withChunk(1, { first: { timestamp: '2026-01-31T00:00:03.000Z', id: 'one' } }),
  ],
  ['version 0 of a key', ({ key }) => ({ key: { ...key, version: 0 } })],
  ['another public key', ({ key }) => ({ key: { ...key, publicKey: otherKey().toString('base64') } })],
  ['another verifier key', ({ key }) => ({ key: { ...key, vkey: vkeyOf('audit.example.org', otherKey()) } })],
])('a manifest with %s is refused', (_, change) => {
  expect(() => parseManifest(canonicalJson({ ...manifest, ...change(manifest) }))).toThrow(MALFORMED);
});

test('a manifest whose chunk nodes are swapped, doubled or left out is refused', () => {
  const [first, second, third] = manifest.chunks;
  const nodes = [first!.nodes.toReversed(), first!.nodes.slice(1), [...first!.nodes, ...first!.nodes]];
  for (const wrong of nodes) {
    const chunks = [{ ...first, nodes: wrong }, second, third];
    expect(() => parseManifest(canonicalJson({ ...manifest, chunks }))).toThrow(MALFORMED);
  }
});

test.each([
  ['that are counted but not listed', 1, []],
  ['that are listed but not counted', 0, [finding(0)]],
  ['that are out of order', 2, [finding(1), finding(0)]],
  ['that are listed twice', 2, [finding(1), finding(1)]],
  ['beyond its records', 1, [finding(8)]],
])('a manifest with findings %s is neither read nor written', (_, count, records) => {
  const value = withFindings(count, records);
  expect(() => parseManifest(canonicalJson(value))).toThrow(MALFORMED);
  expect(() => serializeManifest(value)).toThrow(MALFORMED);
});

test('findings are listed up to a limit, and counted beyond it', async () => {
  const count = MAX_LISTED_FINDINGS + 1;
  const record = auditRecord(0);
  const records = Array.from({ length: MAX_LISTED_FINDINGS }, (_, index) => finding(index));
  const { manifest: long } = await makeEvidence({
    records: Array.from({ length: count }, () => record),
    chunkRecords: count,
    hashScheme: 'opaque',
  });
  const { findings } = withFindings(count, records);
  expect(parseManifest(serializeManifest({ ...long, findings })).findings).toEqual(findings);
  const all = withFindings(count, [...records, finding(count - 1)]);
  expect(() => parseManifest(canonicalJson({ ...long, findings: all.findings }))).toThrow(MALFORMED);
});

function finding(index: number): Manifest['findings']['records'][number] {
  return { kind: 'hash-missing', index, id: '0'.repeat(24) };
}

function withFindings(count: number, records: Manifest['findings']['records']): Manifest {
  const counts = { 'hash-mismatch': 0, 'hash-missing': count, 'hash-repeated': 0 };
  return { ...manifest, findings: { counts, records } };
}

function withChunk(index: number, members: object): (value: Manifest) => { chunks: unknown } {
  return ({ chunks }) => ({
    chunks: chunks.map((chunk) => (chunk.index === index ? { ...chunk, ...members } : chunk)),
  });
}

function at(timestamp: string): { timestamp: string; id: string } {
  return { timestamp, id: '0'.repeat(24) };
}

function otherKey(): Buffer {
  return evidenceKey(2).publicKey;
}

/** The last of 43 digits holds four bits of the value and two bits that must be zero. */
function spareBit(base64: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return `${base64.slice(0, 42)}${digits[digits.indexOf(base64[42]!) + 1]}=`;
}

function asJson(): Json {
  return JSON.parse(JSON.stringify(manifest)) as Json;
}

function withAnother(value: Json): Json {
  return { ...(value as { [name: string]: Json }), other: 1 };
}

function isObject(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function* memberPaths(value: Json, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const own = [...path, Array.isArray(value) ? Number(name) : name];
    yield own;
    yield* memberPaths(member, own);
  }
}

function valueAt(path: Path): Json | undefined {
  return path.reduce<Json | undefined>((value, name) => (value as Record<string, Json>)[name], asJson());
}

/** A copy with the value at `path` replaced; undefined takes it out. */
function edited(path: Path, change: (value: Json) => Json | undefined): Json {
  const copy = asJson();
  const name = path.at(-1);
  if (name === undefined) return change(copy)!;
  const holder = path
    .slice(0, -1)
    .reduce<Json>((value, step) => (value as Record<string, Json>)[step]!, copy);
  const next = change((holder as Record<string, Json>)[name]!);
  if (next !== undefined) (holder as Record<string, Json>)[name] = next;
  else if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else delete (holder as Record<string, Json>)[name];
  return copy;
}

function reads(value: Json): boolean {
  try {
    parseManifest(Buffer.from(canonicalText(value)));
    return true;
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'EVIDENCE_MALFORMED') return false;
    throw error;
  }
}

/** JSON with sorted members, without the checks of canonicalJson: the reader must refuse the value itself. */
function canonicalText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name]!)}`).join(',')}}`;
}
