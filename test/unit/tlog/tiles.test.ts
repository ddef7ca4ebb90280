import { leafHash, rootOfLeaves } from '../../../src/tlog/merkle';
import { LogTree, formatBundle, parseBundle, parseTile, readEdge, tilePath } from '../../../src/tlog/tiles';
import { testRefusals } from '../../harness/refusals';

const ENTRIES = Array.from({ length: 600 }, (_, index) => Buffer.from(`entry ${index}`));
const LEAVES = ENTRIES.map(leafHash);

/** Every tile and bundle of a log with these entries, by path. */
function tilesOf(entries: readonly Buffer[]): Map<string, Buffer> {
  const tree = new LogTree();
  const full = entries.flatMap((entry) => tree.append(entry));
  return new Map([...full, ...tree.partialTiles()].map(({ path, body }) => [path, body]));
}

test.each([
  [0, 0, 256, 'tile/0/000'],
  [0, 0, 1, 'tile/0/000.p/1'],
  [1, 1_234_067, 256, 'tile/1/x001/x234/067'],
  [2, 1000, 255, 'tile/2/x001/000.p/255'],
  [5, 0, 256, 'tile/5/000'],
  ['entries', 999, 17, 'tile/entries/999.p/17'],
] as const)(
  'the tile of level %s, index %s and width %s has the path that tlog-tiles defines',
  (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  },
);

test('a tree that grows entry by entry has the root of all its leaves', () => {
  const tree = new LogTree();
  expect(tree.root()).toEqual(rootOfLeaves([]));
  for (const [index, entry] of ENTRIES.entries()) {
    tree.append(entry);
    const isChecked = index < 20 || index % 37 === 0 || (index + 1) % 256 < 3;
    expect(!isChecked || tree.root().equals(rootOfLeaves(LEAVES.slice(0, index + 1)))).toBe(true);
  }
});

test.each([0, 1, 255, 256, 257, 511, 512, 513])(
  'a tree that is read from its right edge at %i entries continues as if it had stayed in memory',
  async (size) => {
    const tiles = tilesOf(ENTRIES.slice(0, size));
    const tree = new LogTree(await readEdge(size, (path) => Promise.resolve(tiles.get(path)!)));
    const full = ENTRIES.slice(size).flatMap((entry) => tree.append(entry));
    const expected = tilesOf(ENTRIES);
    for (const { path, body } of [...full, ...tree.partialTiles()])
      expect(expected.get(path)!.equals(body)).toBe(true);
    expect(tree.root().equals(rootOfLeaves(LEAVES))).toBe(true);
  },
);

test('a tree of 600 entries has exactly these tiles', () => {
  expect([...tilesOf(ENTRIES).keys()].toSorted()).toEqual([
    'tile/0/000',
    'tile/0/001',
    'tile/0/002.p/88',
    'tile/1/000.p/2',
    'tile/entries/000',
    'tile/entries/001',
    'tile/entries/002.p/88',
  ]);
});

test('an edge whose entries are not the ones that its tile commits to is refused', async () => {
  const tiles = tilesOf(ENTRIES.slice(0, 259));
  const swapped = formatBundle([ENTRIES[256]!, ENTRIES[258]!, ENTRIES[257]!]);
  tiles.set(tilePath('entries', 1, 3), swapped);
  await expect(readEdge(259, (path) => Promise.resolve(tiles.get(path)!))).rejects.toMatchObject({
    code: 'EVIDENCE_MALFORMED',
    message: 'entry 257 is not the one its tile commits to',
  });
});

test('a bundle is read as it was written, up to entries of 65535 bytes', () => {
  expect(parseBundle(formatBundle(ENTRIES.slice(0, 3)), 3)).toEqual(ENTRIES.slice(0, 3));
  expect(formatBundle([Buffer.alloc(65_535)])).toHaveLength(65_537);
});

const BUNDLE = formatBundle(ENTRIES.slice(0, 3));
testRefusals('a bundle', [
  ['of one entry too many', () => parseBundle(BUNDLE, 2), 'entry bundle has bytes after its 2 entries'],
  ['of one entry too few', () => parseBundle(BUNDLE, 4), 'entry bundle ends after 3 of 4 entries'],
  ['without its last byte', () => parseBundle(BUNDLE.subarray(0, -1), 3), 'entry 2 of its bundle is cut off'],
  ['of half a length', () => parseBundle(Buffer.of(0), 1), 'entry bundle ends after 0 of 1 entries'],
  ['of an entry of 65536 bytes', () => formatBundle([Buffer.alloc(65_536)]), 'log entry of 65536 bytes'],
]);
testRefusals('a tile', [
  ['of 63 bytes for two hashes', () => parseTile(Buffer.alloc(63), 2), 'tile of 63 bytes, not of 2 hashes'],
  ['below the leaves', () => tilePath(-1, 0, 1), 'no tile has level -1'],
  ['above every possible level', () => tilePath(6, 0, 1), 'no tile has level 6'],
]);
