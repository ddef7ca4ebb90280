import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { verifyLedger, type LedgerOptions } from '../../../src/verify/verifyLedger';
import { rootOfLeaves, leafHash } from '../../../src/tlog/merkle';
import { formatBundle } from '../../../src/tlog/tiles';
import { evidenceKey, readerOf } from '../../harness/evidence';
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
      entries(size).map((_, place) => `snap-job-${place}`),
    );
    const passed = Object.fromEntries(report.layers.map(({ layer, passed: count }) => [layer, count]));
    expect(passed).toMatchObject({ 'ledger checkpoint': 1, 'ledger entries': size, 'ledger root': 1 });
  },
);

test('a key that is not pinned is never VERIFIED', async () => {
  const { report } = await read(ledgerObjects(entries(3)), { key: 'self-asserted' });
  expect(report.verdict).toBe('INCOMPLETE');
});

test('a checkpoint by any pinned version is accepted, and by no other key', async () => {
  const objects = ledgerObjects(entries(3), evidenceKey(2));
  await expect(read(objects, { trust: trustIn(KEY, evidenceKey(2)) })).resolves.toMatchObject({
    report: { verdict: 'VERIFIED' },
  });
  await expect(read(objects)).resolves.toMatchObject({
    report: { verdict: 'NOT VERIFIED' },
    ledger: undefined,
  });
});

test('every object that is missing makes it INCOMPLETE', async () => {
  const whole = ledgerObjects(entries(300));
  for (const key of whole.keys()) {
    const objects = new Map(whole);
    objects.delete(key);
    const { report } = await read(objects);
    expect([key, report.verdict]).toEqual([key, 'INCOMPLETE']);
    expect(report.failures[0]!.object).toContain(key);
  }
});

test('one flipped bit in any byte of any object is found', async () => {
  const whole = ledgerObjects(entries(5));
  const missed: string[] = [];
  for (const [key, body] of whole) {
    for (let at = 0; at < body.length; at++) {
      const flipped = Buffer.from(body);
      flipped[at]! ^= 1 << (at & 7);
      const { report } = await read(new Map(whole).set(key, flipped));
      if (report.verdict !== 'NOT VERIFIED') missed.push(`${key}: byte ${at}: ${report.verdict}`);
    }
  }
  expect(missed).toEqual([]);
});

describe('a history that was rewritten under the same key', () => {
  const kept = ledgerObjects(entries(3)).get(LEDGER_CHECKPOINT_KEY)!;

  test('is sound in itself, and does not continue a checkpoint that was kept', async () => {
    const rewritten = ledgerObjects(entries(5, 'otherwise'));
    await expect(read(rewritten)).resolves.toMatchObject({ report: { verdict: 'VERIFIED' } });
    const { report } = await read(rewritten, { knownCheckpoints: [kept] });
    expect(report).toMatchObject({ verdict: 'NOT VERIFIED', failures: [{ layer: 'ledger consistency' }] });
  });

  test('or cut back shows the same way', async () => {
    const { report } = await read(ledgerObjects(entries(2)), { knownCheckpoints: [kept] });
    expect(report.failures[0]!.found).toContain('cut back');
  });

  test('while the true one continues every checkpoint that was kept', async () => {
    const all = [0, 1, 2, 3].map((size) => ledgerObjects(entries(size)).get(LEDGER_CHECKPOINT_KEY)!);
    const { report } = await read(ledgerObjects(entries(7)), { knownCheckpoints: all });
    expect(report).toMatchObject({ verdict: 'VERIFIED' });
    expect(report.layers.at(-1)).toEqual({ layer: 'ledger consistency', passed: 4, total: 4 });
  });

  test('a kept checkpoint by a stranger is no witness', async () => {
    const forged = signedCheckpoint(1, rootOfLeaves([leafHash(ledgerEntry(0))]), evidenceKey(9));
    const { report } = await read(ledgerObjects(entries(3)), { knownCheckpoints: [forged] });
    expect(report.verdict).toBe('NOT VERIFIED');
  });
});

test('a snapshot that stands twice in a ledger is found', async () => {
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
    'of a window that ends in front of its start',
    Buffer.from(
      ledgerEntry(1)
        .toString()
        .replace(/"from":"2020/, '"from":"2030'),
    ),
  ],
])('an entry that is %s is found, though it is signed', async (_, entry) => {
  const { report } = await read(ledgerObjects([ledgerEntry(0), entry]));
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', failures: [{ layer: 'ledger entries' }] });
});

test('entries in another order than the tree has them are found', async () => {
  const objects = ledgerObjects(entries(2));
  objects.set(ledgerTileKey('entries', 0, 2), formatBundle(entries(2).toReversed()));
  await expect(read(objects)).resolves.toMatchObject({ report: { verdict: 'NOT VERIFIED' } });
});

test('a checkpoint over more entries than any ledger has asks for none of them', async () => {
  const objects = new Map([[LEDGER_CHECKPOINT_KEY, signedCheckpoint(2 ** 40, leafHash(Buffer.of(1)), KEY)]]);
  await expect(read(objects)).resolves.toMatchObject({ report: { verdict: 'NOT VERIFIED' } });
});
