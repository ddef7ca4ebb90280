import { ledgerTileKey } from '../../../src/evidence/objectKeys';
import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { parseEntry } from '../../../src/evidence/ledgerEntry';
import { serializeManifest, type Manifest } from '../../../src/evidence/manifest';
import { parseProof } from '../../../src/evidence/recordProof';
import { formatBundle } from '../../../src/tlog/tiles';
import { parseTlogProof } from '../../../src/tlog/proof';
import { mergeTrust, parseTrustFile } from '../../../src/evidence/trustFile';
import { auditRecords, evidenceKey, makeEvidence } from '../../harness/evidence';
import { ledgerEntry, trustIn } from '../../harness/ledger';
import { refuses } from '../../harness/refusals';

const ROOT = Buffer.alloc(32, 7).toString('base64');

describe('an entry of the ledger is refused', () => {
  const entry = JSON.parse(ledgerEntry(1).toString()) as { window: { from: string; to: string } };
  const read = (change: Record<string, unknown>) => () => parseEntry(canonicalJson({ ...entry, ...change }));
  refuses([
    [
      'with a count that is text',
      read({ recordCount: '1' }),
      'ledger entry: recordCount: Invalid input: expected number, received string',
    ],
    [
      'with a window that has no end',
      read({ window: { from: entry.window.from } }),
      'ledger entry: window.to: Invalid input: expected string, received undefined',
    ],
    [
      'as a number',
      () => parseEntry(Buffer.from('1')),
      'ledger entry: : Invalid input: expected object, received number',
    ],
    [
      'with a window that ends before it starts',
      read({ window: { from: entry.window.to, to: entry.window.from } }),
      'ledger entry of snap-job-1: its window ends in front of its start',
    ],
    [
      'of more bytes than a tile can hold',
      () => formatBundle([Buffer.alloc(65_536)]),
      'ledger entry of 65536 bytes',
    ],
    ['at a level below the leaves', () => ledgerTileKey(-1, 0, 1), 'no tile has level -1'],
    ['at a level above any', () => ledgerTileKey(6, 0, 1), 'no tile has level 6'],
    [
      'on a day that does not exist',
      read({ window: { from: '2026-02-30T00:00:00.000Z', to: '2026-03-30T00:00:00.000Z' } }),
      'ledger entry: window.from: Invalid input',
    ],
  ]);

  test('not with a window of one instant, nor as the largest that a tile holds', () => {
    const { from } = entry.window;
    expect(parseEntry(canonicalJson({ ...entry, window: { from, to: from } })).window.to).toBe(from);
    expect(formatBundle([Buffer.alloc(65_535)])).toHaveLength(65_537);
    expect(ledgerTileKey(5, 0, 256)).toBe('ledger/tile/5/000');
  });
});

describe('a proof is refused', () => {
  const head = 'c2sp.org/tlog-proof@v1';
  refuses([
    [
      'without a blank line',
      () => parseTlogProof(`${head}\nindex 1\n`),
      `not a proof: its first line is not ${head}`,
    ],
    ['as nothing at all', () => parseTlogProof('\n\nrest'), `not a proof: its first line is not ${head}`],
    [
      'with an index in another spelling',
      () => parseTlogProof(`${head}\nindex 01\n\n`),
      'proof has no canonical index',
    ],
    [
      'with words in front of its index',
      () => parseTlogProof(`${head}\nan index 1\n\n`),
      'proof has no canonical index',
    ],
    ['without an index', () => parseTlogProof(`${head}\n\n`), 'proof has no canonical index'],
    [
      'as a file of a number',
      () => parseProof(Buffer.from('1')),
      'proof: : Invalid input: expected object, received number',
    ],
    [
      'as a file with a member of another type',
      () => parseProof(canonicalJson({ record: 1 })),
      'proof: record: Invalid input: expected string, received number',
    ],
  ]);
});

const readTrust = (value: unknown) => () => parseTrustFile(Buffer.from(JSON.stringify(value)));

describe('a trust file is refused', () => {
  const trust = trustIn(evidenceKey(1), evidenceKey(2));
  const [first, second] = trust.keys;
  refuses([
    ['beyond 1 MiB', () => parseTrustFile(Buffer.alloc((1 << 20) + 1)), 'trust file is larger than 1 MiB'],
    [
      'of just 1 MiB for what is in it',
      () => parseTrustFile(Buffer.alloc(1 << 20)),
      'trust file is not JSON',
    ],
    ['as a number', readTrust(1), 'trust file: : Invalid input: expected object, received number'],
    [
      'with a version that is text',
      readTrust({ ...trust, keys: [{ ...first, version: '1' }] }),
      'trust file: keys.0.version: Invalid input: expected number, received string',
    ],
    [
      'with spellings of two keys',
      readTrust({ ...trust, keys: [{ ...first, pem: second?.pem }] }),
      'trust file: the spellings of key version 1 do not agree',
    ],
    [
      'with a version twice',
      readTrust({ ...trust, keys: [first, first] }),
      'trust file: a key version stands twice',
    ],
  ]);

  test('when a version has another key than the one that is served', () => {
    const other = trustIn(evidenceKey(3));
    expect(() => mergeTrust(trust, other)).toThrow(
      expect.objectContaining({
        code: 'EVIDENCE_INVALID',
        message: 'key version 1 of audit.example.org is not the one that is served for audit.example.org',
      }) as Error,
    );
  });
});

const chunk = (place: number, change: (one: Manifest['chunks'][number]) => object) => (value: Manifest) => ({
  ...value,
  chunks: value.chunks.map((one, index) => (index === place ? { ...one, ...change(one) } : one)),
});

const found = (index: number) => ({ index, id: '0'.repeat(24), kind: 'hash-mismatch' });

const counted = (count: number) => (value: Manifest) => ({
  ...value.findings.counts,
  'hash-mismatch': count,
});

describe('a manifest is refused', () => {
  let manifest: Manifest;
  beforeAll(async () => {
    const records = auditRecords(5);
    ({ manifest } = await makeEvidence({ records, chunkRecords: 2, key: evidenceKey(1), jobId: 'job-1' }));
  });

  test.each<[string, (value: Manifest) => object, string]>([
    ['of another job', (value) => ({ ...value, jobId: 'job-2' }), 'the snapshot id is not that of the job'],
    [
      'with a window that ends before it starts',
      (value) => ({ ...value, window: { from: value.window.to, to: value.window.from } }),
      'the window ends in front of its start',
    ],
    ['with a chunk of another index', chunk(1, () => ({ index: 2 })), 'chunk 1 is out of place'],
    ['with a chunk under another key', chunk(1, () => ({ key: 'elsewhere' })), 'chunk 1 is out of place'],
    ['with a chunk that begins elsewhere', chunk(1, () => ({ begin: 3 })), 'chunk 1 begins at 3, not at 2'],
    [
      'with a chunk in front of the one before',
      chunk(1, ({ last }) => ({ first: { ...last, timestamp: '2026-01-31T00:00:00.000Z' } })),
      'chunk 1 is out of order or outside the window',
    ],
    [
      'with a chunk behind its window',
      chunk(2, ({ last }) => ({ last: { ...last, timestamp: '2027-01-01T00:00:00.000Z' } })),
      'chunk 2 is out of order or outside the window',
    ],
    ['with another count', (value) => ({ ...value, recordCount: 6 }), 'its chunks hold 5 records, not 6'],
    [
      'with another root',
      (value) => ({ ...value, root: ROOT }),
      'the nodes of its chunks do not fold to its root',
    ],
    [
      'with another public key',
      (value) => ({ ...value, key: { ...value.key, publicKey: ROOT } }),
      'vkey and public key do not agree',
    ],
    [
      'with findings that are not listed',
      (value) => ({ ...value, findings: { ...value.findings, counts: counted(1)(value) } }),
      'findings are counted otherwise than listed',
    ],
    [
      'with findings out of order',
      (value) => ({ ...value, findings: { counts: counted(2)(value), records: [found(1), found(1)] } }),
      'findings are out of order or beyond the records',
    ],
    [
      'with a finding beyond its records',
      (value) => ({ ...value, findings: { counts: counted(1)(value), records: [found(5)] } }),
      'findings are out of order or beyond the records',
    ],
    [
      'with more late records than records',
      (value) => ({ ...value, late: { ...value.late, recordCount: 6 } }),
      'more records are late than there are',
    ],
  ])('%s', (_what, change, message) => {
    expect(() => serializeManifest(change(manifest) as Manifest)).toThrow(
      expect.objectContaining({
        code: 'EVIDENCE_MALFORMED',
        message: `manifest of snap-job-1: ${message}`,
      }) as Error,
    );
  });

  test('not when its window is one instant, or ends with its last record', () => {
    const { timestamp } = manifest.chunks.at(-1)!.last;
    expect(() =>
      serializeManifest({ ...manifest, window: { ...manifest.window, to: timestamp } }),
    ).not.toThrow();
  });
});
