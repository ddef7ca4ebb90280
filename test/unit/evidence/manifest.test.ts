import { canonicalJson, parseCanonicalJson } from '../../../src/evidence/canonicalJson';
import { parseManifest, serializeManifest, type Manifest } from '../../../src/evidence/manifest';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { sealEvidence } from '../../harness/sealedEvidence';

const MALFORMED = expect.objectContaining({ code: 'EVIDENCE_MALFORMED' });

const read = (text: string | Buffer) => parseCanonicalJson(Buffer.from(text), 1_000);
const parse = (value: unknown) => parseManifest(canonicalJson(value));

describe('canonical JSON', () => {
  test('members are sorted, and there is one spelling', () => {
    expect(canonicalJson({ b: [1, 'ü', null], a: { d: true, c: '"' } }).toString()).toBe(
      '{"a":{"c":"\\"","d":true},"b":[1,"ü",null]}',
    );
  });

  test.each([
    ['white space', '{"a": 1}'],
    ['unsorted members', '{"b":1,"a":1}'],
    ['a member twice', '{"a":1,"a":1}'],
    ['a fraction', '{"a":1.0}'],
    ['an exponent', '{"a":1e3}'],
    ['minus zero', '{"a":-0}'],
    ['an unsafe integer', '{"a":9007199254740993}'],
    ['an escape that is not needed', '{"a":"\\u0041"}'],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['__proto__', '{"__proto__":{"a":1}}'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['a trailing newline', '{"a":1}\n'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['nesting without end', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['too many bytes', `"${'x'.repeat(1_000)}"`],
  ])('%s is refused', (_, text) => {
    expect(() => read(text)).toThrow(MALFORMED);
  });
});

describe('a manifest', () => {
  let manifest: Manifest;

  beforeAll(async () => {
    const { objects, snapshotId } = await sealEvidence(10);
    manifest = parseManifest(objects.get(manifestKey(snapshotId))!);
  });

  test('is written as it is read', () => {
    expect(parseManifest(serializeManifest(manifest))).toEqual(manifest);
  });

  test('without any one of its members, or with one more, it is refused', () => {
    for (const name of Object.keys(manifest)) {
      const { [name as keyof Manifest]: _, ...rest } = manifest;
      expect(() => parse(rest)).toThrow(MALFORMED);
    }
    expect(() => parse({ ...manifest, extra: 1 })).toThrow(MALFORMED);
    expect(() => parse({ ...manifest, chunks: [{ ...manifest.chunks[0], extra: 1 }] })).toThrow(MALFORMED);
  });

  test.each<[string, (value: Manifest) => object]>([
    ['another format', () => ({ format: 'audit-snapshot/v2' })],
    ['the id of another job', () => ({ jobId: 'job-2' })],
    [
      'a window that ends in front of its start',
      ({ window }) => ({ window: { from: window.to, to: window.from } }),
    ],
    [
      'a window in another spelling',
      ({ window }) => ({ window: { ...window, from: '2026-03-01T00:00:00Z' } }),
    ],
    ['a record more', ({ recordCount }) => ({ recordCount: recordCount + 1 })],
    ['another root', () => ({ root: Buffer.alloc(32).toString('base64') })],
    ['a chunk less', ({ chunks }) => ({ chunks: chunks.slice(0, -1) })],
    ['chunks out of order', ({ chunks }) => ({ chunks: chunks.toReversed() })],
    [
      'a gap between chunks',
      ({ chunks }) => ({ chunks: chunks.map((chunk) => ({ ...chunk, begin: chunk.begin + 1 })) }),
    ],
    [
      'a chunk elsewhere',
      ({ chunks }) => ({ chunks: chunks.map((chunk) => ({ ...chunk, key: `../${chunk.key}` })) }),
    ],
    [
      'a chunk outside the window',
      ({ chunks }) => ({
        chunks: chunks.map((chunk) => ({
          ...chunk,
          last: { ...chunk.last, timestamp: '2027-01-01T00:00:00.000Z' },
        })),
      }),
    ],
    [
      'the public key of somebody else',
      ({ key }) => ({ key: { ...key, publicKey: Buffer.alloc(32).toString('base64') } }),
    ],
    [
      'findings that are counted but not listed',
      ({ findings }) => ({ findings: { ...findings, counts: { ...findings.counts, 'hash-missing': 1 } } }),
    ],
    ['more late records than records', ({ late }) => ({ late: { ...late, recordCount: 11 } })],
    ['a weaker lock', ({ retention }) => ({ retention: { ...retention, mode: 'GOVERNANCE' } })],
    ['an origin with a schema', () => ({ origin: 'https://example.com' })],
  ])('with %s is refused', (_, change) => {
    expect(() => parse({ ...manifest, ...change(manifest) })).toThrow(MALFORMED);
  });
});
