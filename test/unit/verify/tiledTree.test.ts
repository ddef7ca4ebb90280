import { leafHash, rootOf, rootOfLeaves } from '../../../src/tlog/merkle';
import { rootOfInclusion, verifyConsistency } from '../../../src/tlog/proof';
import { LedgerTree, parseTileKey } from '../../../src/verify/ledgerTree';
import { TiledTree } from '../../../src/verify/tiledTree';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';
import { readerOf } from '../../harness/evidence';

const SIZE = 66_000;
const ENTRIES = Array.from({ length: SIZE }, (_, index) => Buffer.from(`entry ${index}`));
const LEAVES = ENTRIES.map(leafHash);
const objects = ledgerObjects(ENTRIES);
const sizes = [1, 2, 255, 256, 257, 511, 512, 40_000, 65_535, 65_536, 65_537, SIZE - 1, SIZE];
/** The root of the first entries, for each of these sizes. */
const ROOTS = new Map([0, ...sizes].map((size) => [size, rootOfLeaves(LEAVES.slice(0, size))]));

function treeWithReads(size = SIZE) {
  const reads: string[] = [];
  const reader = {
    read: (key: string) => {
      reads.push(key);
      return Promise.resolve(objects.get(key));
    },
  };
  return { tree: new TiledTree(reader, size), reads };
}

test('roots, consistency proofs and inclusion proofs follow from a few tiles', async () => {
  const root = ROOTS.get(SIZE)!;
  for (const size of sizes) {
    const { tree, reads } = treeWithReads();
    const earlier = ROOTS.get(size)!;
    expect(rootOf(await tree.range(size))).toEqual(earlier);
    const path = await tree.consistency(size);
    expect(verifyConsistency({ size, root: earlier }, { size: SIZE, root }, path)).toBe(true);
    const inclusion = await tree.inclusion(size - 1);
    expect(rootOfInclusion(LEAVES[size - 1]!, size - 1, SIZE, inclusion)).toEqual(root);
    expect(new Set(reads).size).toBe(reads.length);
    expect(reads.length).toBeLessThan(12);
  }
});

test('the tree of all entries has the same roots and the content of every tile', () => {
  const tree = new LedgerTree(ENTRIES, LEAVES);
  for (const [size, root] of ROOTS) expect(tree.rootAt(size)).toEqual(root);
  const other = [...objects].filter(([key, body]) => {
    const name = parseTileKey(key);
    return name && tree.content(name)?.equals(body) !== true;
  });
  expect(other).toEqual([]);
  expect(tree.content({ level: 0, index: 0, width: 7 })).toEqual(Buffer.concat(LEAVES.slice(0, 7)));
  expect(tree.content({ level: 'entries', index: 257, width: 256 })).toBeUndefined();
});

test('a tile that is missing or has another size is named', async () => {
  const missing = new TiledTree(readerOf(new Map()), 3);
  await expect(missing.leaves(0)).rejects.toMatchObject({
    code: 'EVIDENCE_INCOMPLETE',
    message: 'a tile of the ledger is missing [key=ledger/tile/0/000.p/3]',
  });
  const malformed = new TiledTree(readerOf(new Map([['ledger/tile/0/000.p/3', Buffer.alloc(95)]])), 3);
  await expect(malformed.leaves(0)).rejects.toMatchObject({ code: 'EVIDENCE_MALFORMED' });
});

test.each([
  ['ledger/checkpoint', undefined],
  ['ledger/tile/0/000.p/256', undefined],
  ['ledger/tile/0/x000/000', undefined],
  ['ledger/tile/6/000', undefined],
  ['ledger/tile/entries/x001/234', { level: 'entries', index: 1234, width: 256 }],
  ['ledger/tile/2/001.p/7', { level: 2, index: 1, width: 7 }],
])('the object %s names the tile %j', (key, name) => {
  expect(parseTileKey(key)).toEqual(name);
});

test('the entries of a bundle are those that were written', async () => {
  const own = [ledgerEntry(0), ledgerEntry(1)];
  await expect(new TiledTree(readerOf(ledgerObjects(own)), 2).entries(0)).resolves.toEqual(own);
});
