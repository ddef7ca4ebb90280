import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { formatBundle } from '../../../src/tlog/tiles';
import { bucketReader } from '../../../src/verify/evidenceReaders';
import { verifyLedger, type LedgerOptions } from '../../../src/verify/verifyLedger';
import { evidenceKey } from '../../harness/evidence';
import { FakeObjectStore } from '../../harness/fakes/fakeObjectStore';
import { ledgerEntry, ledgerObjects, signedCheckpoint, trustIn } from '../../harness/ledger';
import { LedgerPublisher } from '../../harness/publishedLedger';

const KEY = evidenceKey(1);
const PINNED = { trust: trustIn(KEY), key: 'pinned' } as const;
const entries = (count: number, salt = '') =>
  Array.from({ length: count }, (_, index) => ledgerEntry(index, salt));
const checkpointOf = (count: number, salt = '') =>
  ledgerObjects(entries(count, salt)).get(LEDGER_CHECKPOINT_KEY)!;
const bundle = (width: number) => ledgerTileKey('entries', 0, width);

let store: FakeObjectStore;
beforeEach(async () => {
  store = new FakeObjectStore();
  await new LedgerPublisher(store).publish(entries(5));
});

async function verify(options: Partial<LedgerOptions> = {}) {
  const { report, ledger } = await verifyLedger(bucketReader(store), { ...PINNED, ...options });
  const failures = report.failures.map(({ layer, object, found }) => `${layer}: ${object}: ${found}`);
  return { ...report, failures, ledger };
}

test('a ledger that was published entry by entry is VERIFIED with all its versions', async () => {
  const report = await verify({ knownCheckpoints: [checkpointOf(2)] });
  expect(report).toMatchObject({ verdict: 'VERIFIED', size: 5, failures: [], notes: [] });
  // Five bundles and five tiles of hashes.
  expect(report.layers).toContainEqual({ layer: 'ledger versions', passed: 10, total: 10 });
});

test('without a kept checkpoint the report says what cannot be seen', async () => {
  expect((await verify()).notes).toEqual([
    'no checkpoint kept elsewhere was given: a history that was cut back as a whole cannot be seen (--checkpoint)',
  ]);
});

test('an older checkpoint on top of the newest one is a rollback, and the whole ledger is still read', async () => {
  const old = store.versions(LEDGER_CHECKPOINT_KEY)[1]!;
  const versionId = store.overwrite(LEDGER_CHECKPOINT_KEY, old.body);
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', size: 5 });
  expect(report.failures).toEqual([
    `ledger checkpoint: ledger/checkpoint [version=${versionId}]: rolled back: an older checkpoint over 2 entries is the newest version`,
  ]);
  expect(report.ledger!.entries).toHaveLength(5);
});

test('a delete marker on the checkpoint is named, and the whole ledger is still read', async () => {
  const versionId = store.addDeleteMarker(LEDGER_CHECKPOINT_KEY);
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', size: 5 });
  expect(report.failures).toEqual([
    `ledger checkpoint: ledger/checkpoint [version=${versionId}]: a delete marker, which hides the checkpoint`,
  ]);
});

test.each([
  ['something that is not a note', Buffer.from('x'), 'note has no blank line'],
  ['an object that is too large for a checkpoint', Buffer.alloc(100_000), 'note has no blank line'],
  [
    'a checkpoint of another origin',
    signedCheckpoint(9, Buffer.alloc(32), KEY, 'elsewhere.example'),
    'a checkpoint of elsewhere.example',
  ],
])(
  '%s on top of the checkpoint is NOT VERIFIED; below a newer checkpoint it is a note',
  async (_, body, found) => {
    store.overwrite(LEDGER_CHECKPOINT_KEY, body);
    const report = await verify();
    expect(report.verdict).toBe('NOT VERIFIED');
    expect(report.failures[0]).toContain(found);
    store.overwrite(LEDGER_CHECKPOINT_KEY, checkpointOf(5));
    const later = await verify();
    expect(later.failures).toEqual([]);
    expect(later.notes).toContainEqual(expect.stringContaining(found) as string);
  },
);

test('a checkpoint by a key that the trust file does not have is INCOMPLETE on top, and a note below', async () => {
  store.overwrite(
    LEDGER_CHECKPOINT_KEY,
    ledgerObjects(entries(6), evidenceKey(2)).get(LEDGER_CHECKPOINT_KEY)!,
  );
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'INCOMPLETE', size: 5 });
  expect(report.failures[0]).toContain('a signature by key id');
});

test('an older checkpoint that was put on top once, and replaced since, is a note', async () => {
  store.overwrite(LEDGER_CHECKPOINT_KEY, checkpointOf(2));
  store.overwrite(LEDGER_CHECKPOINT_KEY, checkpointOf(5));
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.notes).toContainEqual(expect.stringContaining('a later version had fewer entries') as string);
});

test('a second history of the same size is another history', async () => {
  store.overwrite(LEDGER_CHECKPOINT_KEY, checkpointOf(5, 'otherwise'));
  const report = await verify();
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures.join()).toContain('another history: size 5');
});

test('a second history that is longer, with tiles on top, is another history', async () => {
  for (const [key, body] of ledgerObjects(entries(6, 'otherwise'))) store.overwrite(key, body);
  const report = await verify();
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures.filter((line) => line.includes('another history: size'))).toHaveLength(5);
});

test('a checkpoint of the past that no tile has is another history', async () => {
  const fork = checkpointOf(3, 'otherwise');
  store.overwrite(LEDGER_CHECKPOINT_KEY, fork);
  store.overwrite(LEDGER_CHECKPOINT_KEY, checkpointOf(5));
  const report = await verify();
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures[0]).toContain('another history: size 3');
});

test('a delete marker on a tile is another history, and the tile below it is still read', async () => {
  const versionId = store.addDeleteMarker(bundle(5));
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'NOT VERIFIED', size: 5 });
  expect(report.failures).toEqual([
    `ledger versions: ${bundle(5)} [delete marker=${versionId}]: a delete marker`,
  ]);
  expect(report.ledger).toBeDefined();
});

test('a delete marker on a tile of an earlier size is named as well', async () => {
  const versionId = store.addDeleteMarker(ledgerTileKey(0, 0, 2));
  expect((await verify()).failures).toEqual([
    `ledger versions: ${ledgerTileKey(0, 0, 2)} [delete marker=${versionId}]: a delete marker`,
  ]);
});

test.each([5, 2])('other bytes on top of the bundle of %i entries are another history', async (width) => {
  const versionId = store.overwrite(bundle(width), formatBundle(entries(width, 'otherwise')));
  const report = await verify();
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures).toEqual([
    `ledger versions: ${bundle(width)} [version=${versionId}]: other bytes: another history`,
  ]);
});

test('the same bytes on top of a tile are a note', async () => {
  store.overwrite(bundle(5), formatBundle(entries(5)));
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.notes).toContainEqual(`${bundle(5)} has 2 versions with the same bytes; it is written once`);
});

test('tiles beyond the checkpoint are what an interrupted publication leaves', async () => {
  for (const [key, body] of ledgerObjects(entries(6)))
    if (key !== LEDGER_CHECKPOINT_KEY) store.overwrite(key, body);
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.notes).toContainEqual(
    expect.stringContaining('2 objects of a ledger with more than 5 entries') as string,
  );
});

test('an object that no ledger has is a note', async () => {
  store.overwrite('ledger/notes.txt', Buffer.from('x'));
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.notes).toContainEqual('not evidence: ledger/notes.txt (not an object of a ledger)');
});

test('a directory says what it does not show', async () => {
  const { report } = await verifyLedger(
    { read: async (key) => (await store.get(key, 1e6))?.body },
    { ...PINNED, knownCheckpoints: [checkpointOf(5)] },
  );
  expect(report.notes).toEqual([
    'a directory has no versions and no locks: a checkpoint or a tile that was replaced in the bucket cannot be seen',
  ]);
});
