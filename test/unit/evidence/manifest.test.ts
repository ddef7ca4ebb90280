import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { parseManifest, serializeManifest, type Manifest } from '../../../src/evidence/manifest';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { auditRecords, makeEvidence } from '../../harness/evidence';
import { MALFORMED } from '../../harness/refusals';
import { sealEvidence } from '../../harness/sealedEvidence';

type Chunk = Manifest['chunks'][number];
type Change = (manifest: Manifest) => object;

const ROOT = Buffer.alloc(32, 7).toString('base64');
let manifest: Manifest;

beforeAll(async () => {
  ({ manifest } = await makeEvidence({ records: auditRecords(5), chunkRecords: 2 }));
});

test('the manifest of a sealed snapshot has the bytes that it is written with again', async () => {
  const { objects, snapshotId } = await sealEvidence(10);
  const body = objects.get(manifestKey(snapshotId))!;
  expect(serializeManifest(parseManifest(body)).equals(body)).toBe(true);
});

const withChunk =
  (chunkIndex: number, members: (chunk: Chunk) => object): Change =>
  ({ chunks }) => ({
    chunks: chunks.map((chunk) => (chunk.index === chunkIndex ? { ...chunk, ...members(chunk) } : chunk)),
  });

const withFindings =
  (count: number, ...indexes: readonly number[]): Change =>
  ({ findings: { counts } }) => ({
    findings: {
      counts: { ...counts, 'hash-mismatch': count },
      records: indexes.map((index) => ({ kind: 'hash-mismatch', index, id: '0'.repeat(24) })),
    },
  });

test.each<[string, Change, string]>([
  ['of another job', () => ({ jobId: 'job-2' }), 'the snapshot id is not that of the job'],
  [
    'with a window that ends before it starts',
    ({ window }) => ({ window: { from: window.to, to: window.from } }),
    'the window ends before it starts',
  ],
  ['with a chunk of another index', withChunk(1, () => ({ index: 2 })), 'chunk 1 is out of place'],
  ['with a chunk under another key', withChunk(1, () => ({ key: 'elsewhere' })), 'chunk 1 is out of place'],
  ['with a chunk that begins elsewhere', withChunk(1, () => ({ begin: 3 })), 'chunk 1 begins at 3, not at 2'],
  [
    'with a chunk that starts before the previous one ends',
    withChunk(1, ({ last }) => ({ first: { ...last, timestamp: '2026-01-31T00:00:00.000Z' } })),
    'chunk 1 is out of order or outside the window',
  ],
  [
    'with a chunk after its window',
    withChunk(2, ({ last }) => ({ last: { ...last, timestamp: '2027-01-01T00:00:00.000Z' } })),
    'chunk 2 is out of order or outside the window',
  ],
  ['with another count', () => ({ recordCount: 6 }), 'its chunks hold 5 records, not 6'],
  ['with another root', () => ({ root: ROOT }), 'the nodes of its chunks do not fold to its root'],
  [
    'with another public key',
    ({ key }) => ({ key: { ...key, publicKey: ROOT } }),
    'vkey and public key do not agree',
  ],
  ['with findings that are not listed', withFindings(1), 'the counts of findings differ from their list'],
  ['with findings out of order', withFindings(2, 1, 1), 'findings are out of order or beyond the records'],
  [
    'with a finding beyond its records',
    withFindings(1, 5),
    'findings are out of order or beyond the records',
  ],
  [
    'with more late records than records',
    ({ late }) => ({ late: { ...late, recordCount: 6 } }),
    'it has more late records than records',
  ],
])('a manifest %s is neither read nor written', (_what, change, message) => {
  const changed = { ...manifest, ...change(manifest) };
  const refusal = expect.objectContaining({
    code: 'EVIDENCE_MALFORMED',
    message: `manifest of snap-job-1: ${message}`,
  }) as Error;
  expect(() => serializeManifest(changed)).toThrow(refusal);
  expect(() => parseManifest(canonicalJson(changed))).toThrow(refusal);
});

test('a manifest that is a number is refused', () => {
  expect(() => parseManifest(Buffer.from('1'))).toThrow(MALFORMED);
});

test('the window of a manifest may end with its last record', () => {
  const { timestamp } = manifest.chunks.at(-1)!.last;
  expect(() =>
    serializeManifest({ ...manifest, window: { ...manifest.window, to: timestamp } }),
  ).not.toThrow();
});
