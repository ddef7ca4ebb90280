import { LogTree, readEdge, formatBundle, parseBundle, parseTile, tilePath } from '../../../src/tlog/tiles';
import { leafHash, rootOfLeaves } from '../../../src/tlog/merkle';
import { ledgerKey } from '../../../src/evidence/objectKeys';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

const ENTRIES = Array.from({ length: 600 }, (_, index) => ledgerEntry(index));
const LEAVES = ENTRIES.map(leafHash);

test.each([
  [0, 0, 256, 'tile/0/000'],
  [0, 0, 1, 'tile/0/000.p/1'],
  [1, 1_234_067, 256, 'tile/1/x001/x234/067'],
  [2, 1000, 255, 'tile/2/x001/000.p/255'],
  ['entries', 999, 17, 'tile/entries/999.p/17'],
] as const)(
  'the tile of level %s, index %s and width %s has the path of tlog-tiles',
  (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  },
);

test('the root of a tree that grows entry by entry is that of all its leaves', () => {
  const tree = new LogTree();
  expect(tree.root()).toEqual(rootOfLeaves([]));
  for (const [index, entry] of ENTRIES.entries()) {
    tree.append(entry);
    const looked = index < 20 || index % 37 === 0 || (index + 1) % 256 < 3;
    expect(!looked || tree.root().equals(rootOfLeaves(LEAVES.slice(0, index + 1)))).toBe(true);
  }
});

test('a tree goes on from its right edge as if it had never been put down', async () => {
  for (const size of [0, 1, 255, 256, 257, 511, 512, 513]) {
    const objects = ledgerObjects(ENTRIES.slice(0, size));
    const read = (path: string) => Promise.resolve(objects.get(ledgerKey(path))!);
    const tree = new LogTree(await readEdge(size, read));
    const fresh = ENTRIES.slice(size).flatMap((entry) => tree.append(entry));
    const whole = ledgerObjects(ENTRIES);
    for (const { path, body } of [...fresh, ...tree.partialTiles()])
      expect(whole.get(ledgerKey(path))!.equals(body)).toBe(true);
    expect(tree.root().equals(rootOfLeaves(LEAVES))).toBe(true);
  }
});

test('a tree of 600 entries has these tiles and no other', () => {
  expect([...ledgerObjects(ENTRIES).keys()].toSorted()).toEqual([
    'ledger/checkpoint',
    'ledger/tile/0/000',
    'ledger/tile/0/001',
    'ledger/tile/0/002.p/88',
    'ledger/tile/1/000.p/2',
    'ledger/tile/entries/000',
    'ledger/tile/entries/001',
    'ledger/tile/entries/002.p/88',
  ]);
});

test('an edge whose entries are not the ones its tile commits to is refused', async () => {
  const objects = ledgerObjects(ENTRIES.slice(0, 3));
  objects.set(ledgerKey(tilePath('entries', 0, 3)), formatBundle([ENTRIES[0]!, ENTRIES[2]!, ENTRIES[1]!]));
  await expect(readEdge(3, (path) => Promise.resolve(objects.get(ledgerKey(path))!))).rejects.toMatchObject({
    code: 'EVIDENCE_MALFORMED',
  });
});

test('a bundle holds exactly its entries', () => {
  const bundle = formatBundle(ENTRIES.slice(0, 3));
  expect(parseBundle(bundle, 3)).toEqual(ENTRIES.slice(0, 3));
  expect(() => parseBundle(bundle, 2)).toThrow('bytes behind its 2 entries');
  expect(() => parseBundle(bundle, 4)).toThrow('ends behind 3 of 4');
  expect(() => parseBundle(bundle.subarray(0, -1), 3)).toThrow('is cut off');
  expect(() => parseBundle(Buffer.of(0), 1)).toThrow('ends behind 0 of 1');
  expect(() => formatBundle([Buffer.alloc(65_536)])).toThrow('65536 bytes');
  expect(() => parseTile(Buffer.alloc(63), 2)).toThrow('not of 2 hashes');
});
