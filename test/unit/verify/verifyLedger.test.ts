import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { revokeKey } from '../../../src/evidence/trustFile';
import { verifyLedger, type LedgerOptions } from '../../../src/verify/verifyLedger';
import { leafHash, rootOfLeaves } from '../../../src/tlog/merkle';
import { formatBundle } from '../../../src/tlog/tiles';
import type { EvidenceReader } from '../../../src/verify/evidenceReader';
import { evidenceKey, readerOf } from '../../harness/evidence';
import { flipBit } from '../../harness/flipBit';
import { ledgerEntry, ledgerObjects, signedCheckpoint, trustIn } from '../../harness/ledger';

const KEY = evidenceKey(1);
const PINNED = { trust: trustIn(KEY), key: 'pinned' } as const;
const entries = (count: number, salt = '') =>
  Array.from({ length: count }, (_, index) => ledgerEntry(index, salt));

function read(objects: ReadonlyMap<string, Buffer>, options: Partial<LedgerOptions> = {}) {
  return verifyLedger(readerOf(objects), { ...PINNED, ...options });
}

test.each([0, 1, 2, 255, 256, 257, 600])(
  'a ledger of %i snapshots is VERIFIED, every entry and tile',
  async (size) => {
    const { report, ledger } = await read(ledgerObjects(entries(size)));
    expect(report).toMatchObject({ verdict: 'VERIFIED', size, failures: [] });
    expect(ledger!.entries.map(({ snapshotId }) => snapshotId)).toEqual(
      entries(size).map((_, index) => `snap-job-${index}`),
    );
    const passed = Object.fromEntries(report.layers.map(({ layer, passed: count }) => [layer, count]));
    expect(passed).toMatchObject({ 'ledger checkpoint': 1, 'ledger entries': size, 'ledger root': 1 });
  },
);

test('a ledger under a key that is not pinned is never VERIFIED', async () => {
  const { report } = await read(ledgerObjects(entries(3)), { key: 'self-asserted' });
  expect(report.verdict).toBe('INCOMPLETE');
});

test('a ledger checkpoint by any pinned key version is accepted, and by no other key', async () => {
  const objects = ledgerObjects(entries(3), evidenceKey(2));
  await expect(read(objects, { trust: trustIn(KEY, evidenceKey(2)) })).resolves.toMatchObject({
    report: { verdict: 'VERIFIED' },
  });
  await expect(read(objects)).resolves.toMatchObject({
    report: { verdict: 'INCOMPLETE' },
    ledger: undefined,
  });
});

test('a ledger checkpoint by a key that the trust file does not have asks for a newer trust file', async () => {
  const { report } = await read(ledgerObjects(entries(3), evidenceKey(2)));
  expect(report.failures).toEqual([
    expect.objectContaining({
      kind: 'missing',
      expected: expect.stringContaining('export the trust file again') as string,
      found: expect.stringMatching(/^a signature by key id [0-9a-f]{8}$/) as string,
    }),
  ]);
});

test('a ledger checkpoint that names a pinned key, and that it did not sign, is NOT VERIFIED', async () => {
  const objects = ledgerObjects(entries(3));
  const note = objects.get(LEDGER_CHECKPOINT_KEY)!.toString();
  const other = ledgerObjects(entries(4)).get(LEDGER_CHECKPOINT_KEY)!.toString();
  const mixed = note.slice(0, note.indexOf('\n\n')) + other.slice(other.indexOf('\n\n'));
  const { report } = await read(objects.set(LEDGER_CHECKPOINT_KEY, Buffer.from(mixed)));
  expect(report).toMatchObject({
    verdict: 'NOT VERIFIED',
    failures: [{ found: 'no valid signature by such a key' }],
  });
});

test('a revoked key counts for checkpoints of its first entries only', async () => {
  const trust = trustIn(KEY, evidenceKey(2));
  const withRevoked = (ledgerSize: number) => revokeKey(trust, 1, ledgerSize);
  await expect(read(ledgerObjects(entries(3)), { trust: withRevoked(3) })).resolves.toMatchObject({
    report: { verdict: 'VERIFIED' },
  });
  const { report } = await read(ledgerObjects(entries(3)), { trust: withRevoked(2) });
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', failures: [{ layer: 'ledger checkpoint' }] });
  expect(report.failures[0]!.found).toContain('key version 1, which is revoked');
});

test('a ledger without any one of its objects is INCOMPLETE', async () => {
  const complete = ledgerObjects(entries(300));
  for (const key of complete.keys()) {
    const objects = new Map(complete);
    objects.delete(key);
    const { report } = await read(objects);
    expect([key, report.verdict]).toEqual([key, 'INCOMPLETE']);
    expect(report.failures[0]!.object).toContain(key);
  }
});

test('a ledger with one flipped bit in any byte of any object is NOT VERIFIED, or names a key that nobody knows', async () => {
  const complete = ledgerObjects(entries(5));
  const missed: string[] = [];
  for (const [key, body] of complete) {
    for (let at = 0; at < body.length; at++) {
      const flipped = flipBit(body, at * 8 + (at & 7));
      const { report } = await read(new Map(complete).set(key, flipped));
      // The bits of a key id that are in one base64 digit with bits of the signature make it the id of another key.
      const isOtherKey = report.failures.some(({ found }) => found.startsWith('a signature by key id'));
      if (report.verdict !== 'NOT VERIFIED' && !isOtherKey)
        missed.push(`${key}: byte ${at}: ${report.verdict}`);
    }
  }
  expect(missed).toEqual([]);
});

const known = ledgerObjects(entries(3)).get(LEDGER_CHECKPOINT_KEY)!;

test('a ledger that was rewritten under the same key is consistent in itself, but not with a known checkpoint', async () => {
  const rewritten = ledgerObjects(entries(5, 'otherwise'));
  await expect(read(rewritten)).resolves.toMatchObject({ report: { verdict: 'VERIFIED' } });
  const { report } = await read(rewritten, { knownCheckpoints: [known] });
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', failures: [{ layer: 'ledger consistency' }] });
});

test('a ledger that was truncated does not continue a known checkpoint', async () => {
  const { report } = await read(ledgerObjects(entries(2)), { knownCheckpoints: [known] });
  expect(report.failures[0]!.found).toContain('truncated');
});

test('a ledger that was only extended continues every known checkpoint', async () => {
  const all = [0, 1, 2, 3].map((size) => ledgerObjects(entries(size)).get(LEDGER_CHECKPOINT_KEY)!);
  const { report } = await read(ledgerObjects(entries(7)), { knownCheckpoints: all });
  expect(report).toMatchObject({ verdict: 'VERIFIED' });
  expect(report.layers.at(-1)).toEqual({ layer: 'ledger consistency', passed: 4, total: 4 });
});

test('a known checkpoint by a key that is not pinned is INCOMPLETE', async () => {
  const forged = signedCheckpoint(1, rootOfLeaves([leafHash(ledgerEntry(0))]), evidenceKey(9));
  const { report } = await read(ledgerObjects(entries(3)), { knownCheckpoints: [forged] });
  expect(report.verdict).toBe('INCOMPLETE');
});

test('a ledger with two entries of one snapshot is NOT VERIFIED', async () => {
  const twice = [...entries(2), ledgerEntry(1, 'otherwise')];
  await expect(read(ledgerObjects(twice))).resolves.toMatchObject({
    report: { verdict: 'NOT VERIFIED' },
    ledger: undefined,
  });
});

test.each([
  ['not canonical', Buffer.from('{ }')],
  ['of unknown members', Buffer.from('{"a":1}')],
  [
    'of a window that ends before it starts',
    Buffer.from(
      ledgerEntry(1)
        .toString()
        .replace(/"from":"2020/, '"from":"2030'),
    ),
  ],
])('a ledger with an entry that is %s is NOT VERIFIED, although it is signed', async (_, entry) => {
  const { report } = await read(ledgerObjects([ledgerEntry(0), entry]));
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', failures: [{ layer: 'ledger entries' }] });
});

test('a ledger with its entries in another order is NOT VERIFIED', async () => {
  const objects = ledgerObjects(entries(2));
  objects.set(ledgerTileKey('entries', 0, 2), formatBundle(entries(2).toReversed()));
  await expect(read(objects)).resolves.toMatchObject({ report: { verdict: 'NOT VERIFIED' } });
});

test('a checkpoint over more entries than a ledger can have is NOT VERIFIED, and no entry is read', async () => {
  const checkpoint = signedCheckpoint(2 ** 40, leafHash(Buffer.of(1)), KEY);
  const keys: string[] = [];
  const reader: EvidenceReader = {
    read: (key) => {
      keys.push(key);
      return Promise.resolve(key === LEDGER_CHECKPOINT_KEY ? checkpoint : undefined);
    },
  };
  await expect(verifyLedger(reader, PINNED)).resolves.toMatchObject({ report: { verdict: 'NOT VERIFIED' } });
  expect(keys).toEqual([LEDGER_CHECKPOINT_KEY]);
});

test('a ledger whose first entries are missing is INCOMPLETE, and no further entry is read', async () => {
  const objects = ledgerObjects(entries(600));
  objects.delete(ledgerTileKey('entries', 0, 256));
  const keys: string[] = [];
  const reader: EvidenceReader = {
    read: (key) => {
      keys.push(key);
      return Promise.resolve(objects.get(key));
    },
  };
  await expect(verifyLedger(reader, PINNED)).resolves.toMatchObject({ report: { verdict: 'INCOMPLETE' } });
  expect(keys).toEqual([LEDGER_CHECKPOINT_KEY, ledgerTileKey('entries', 0, 256)]);
});

test('the second entry of a snapshot in the ledger is named by its index', async () => {
  const twice = [ledgerEntry(1), ledgerEntry(2), ledgerEntry(1)];
  const { report } = await read(ledgerObjects(twice));
  expect(report.failures).toEqual([
    {
      layer: 'ledger entries',
      kind: 'invalid',
      object: `${ledgerTileKey('entries', 0, 3)}, entry 2`,
      expected: 'one entry of snap-job-1',
      found: 'another entry of snap-job-1',
    },
  ]);
});
