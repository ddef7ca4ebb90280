import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import {
  emptyRange,
  leafHash,
  mergeRanges,
  parseRange,
  rangeOfPackedLeaves,
  RangeBuilder,
  rootOf,
  rootOfLeaves,
  serializeRange,
  subtreeSizes,
  type MerkleRange,
  type SerializedRange,
} from '../../../src/tlog/merkle';
import { MALFORMED, testRefusals } from '../../harness/refusals';

const MAX_LEAVES = 300;
const RECORDS = Array.from({ length: MAX_LEAVES }, (_, index) => Buffer.from(`record ${index}`));
const LEAVES = RECORDS.map(leafHash);

/** MTH(D[begin:end]) word for word from RFC 6962, section 2.1: the oracle, with no code of ours in it. */
function mth(records: readonly Buffer[]): Buffer {
  const sha256 = createHash('sha256');
  if (records.length === 0) return sha256.digest();
  if (records.length === 1) return sha256.update('\0').update(records[0]!).digest();
  let k = 1;
  while (k * 2 < records.length) k *= 2;
  return sha256
    .update('\x01')
    .update(mth(records.slice(0, k)))
    .update(mth(records.slice(k)))
    .digest();
}

/** The maximal aligned subtrees of `[begin, end)`, found from the top of a tree of 512 leaves downwards. */
function cover(begin: number, end: number, from = 0, size = 512): { from: number; size: number }[] {
  if (end <= from || from + size <= begin) return [];
  if (begin <= from && from + size <= end) return [{ from, size }];
  return [...cover(begin, end, from, size / 2), ...cover(begin, end, from + size / 2, size / 2)];
}

/** Every range is used many times and never changes, so one copy of each serves all tests. */
function once<Range>(make: (begin: number, end: number) => Range): (begin: number, end: number) => Range {
  const made = new Map<number, Range>();
  return (begin, end) => {
    const key = begin * (MAX_LEAVES + 1) + end;
    const range = made.get(key) ?? make(begin, end);
    made.set(key, range);
    return range;
  };
}

const root = once((begin, end) => mth(RECORDS.slice(begin, end)));

const aligned = once((begin, end): SerializedRange => {
  const hashes = cover(begin, end).map(({ from, size }) => root(from, from + size).toString('base64'));
  return { begin, end, hashes };
});

const build = once((begin, end): MerkleRange => {
  const builder = new RangeBuilder(emptyRange(begin));
  for (const leaf of LEAVES.slice(begin, end)) builder.appendLeaf(leaf);
  return builder.range();
});

const inputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));

test.each([
  [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  [4, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  [6, '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
])('the published tree of %i leaves has the published root', (size, published) => {
  const builder = new RangeBuilder(emptyRange(0));
  for (const input of inputs.slice(0, size)) builder.appendLeaf(leafHash(input));
  expect(rootOf(builder.range()).toString('hex')).toBe(published);
  expect(mth(inputs.slice(0, size)).toString('hex')).toBe(published);
});

test('a range that grows from 0 to 300 leaves has the root of the definition at every size', () => {
  const builder = new RangeBuilder(emptyRange(0));
  for (let size = 0; size <= MAX_LEAVES; size++) {
    expect(rootOf(builder.range()).toString('hex')).toBe(root(0, size).toString('hex'));
    if (size < MAX_LEAVES) builder.appendLeaf(LEAVES[size]!);
  }
});

test('the subtrees that subtreeSizes names fold to the root of the definition, for 0 to 300 leaves', () => {
  for (let size = 0; size <= MAX_LEAVES; size++) {
    let from = 0;
    const hashes = subtreeSizes(0, size).map((width) => root(from, (from += width)));
    const folded = rootOf({ begin: 0, end: size, hashes });
    expect(folded.toString('hex')).toBe(root(0, size).toString('hex'));
  }
});

test('a range between any two of 65 bounds holds the roots of its maximal aligned subtrees', () => {
  for (let begin = 0; begin <= 64; begin++) {
    for (let end = begin; end <= 64; end++) {
      expect(serializeRange(build(begin, end))).toEqual(aligned(begin, end));
    }
  }
});

test('leaves in one buffer give the range that they give one by one, for any of 65 bounds', () => {
  for (let begin = 0; begin <= 64; begin++)
    for (let end = begin; end <= 64; end++)
      expect(rangeOfPackedLeaves(Buffer.concat(LEAVES.slice(begin, end)), end - begin, begin)).toEqual(
        build(begin, end),
      );
});

test('two ranges split at any leaf merge to the range built at once, for up to 64 leaves', () => {
  for (let end = 0; end <= 64; end++) {
    for (let at = 0; at <= end; at++) {
      const merged = mergeRanges(build(0, at), build(at, end));
      expect(serializeRange(merged)).toEqual(aligned(0, end));
    }
  }
});

test('two ranges inside a tree merge to the range built at once', () => {
  for (let begin = 1; begin <= 24; begin++) {
    for (let at = begin; at <= 24; at++) {
      const merged = mergeRanges(build(begin, at), build(at, 24));
      expect(serializeRange(merged)).toEqual(aligned(begin, 24));
    }
  }
});

test('ranges merge to the same range for any bounds and in any order', () => {
  const boundaries = fc.uniqueArray(fc.nat(MAX_LEAVES), { minLength: 2, maxLength: 12 });
  const orders = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(boundaries, orders, (cuts, order) => {
      cuts.sort((left, right) => left - right);
      const parts = cuts.slice(1).map((end, index) => build(cuts[index]!, end));
      for (const pick of order) {
        if (parts.length === 1) break;
        const at = pick % (parts.length - 1);
        parts.splice(at, 2, mergeRanges(parts[at]!, parts[at + 1]!));
      }
      expect(parts.map(serializeRange)).toEqual([aligned(cuts[0]!, cuts.at(-1)!)]);
    }),
  );
});

test('a range that is serialised at any size continues as if it had stayed in memory', () => {
  for (let size = 0; size <= 64; size++) {
    const carried = JSON.parse(JSON.stringify(serializeRange(build(0, size)))) as SerializedRange;
    const builder = new RangeBuilder(parseRange(carried));
    for (const leaf of LEAVES.slice(size, 65)) builder.appendLeaf(leaf);
    expect(builder.range()).toEqual(build(0, 65));
  }
});

test('a range is not changed by the builder that continues it', () => {
  const range = build(0, 7);
  const first = new RangeBuilder(range);
  const before = first.range();
  first.appendLeaf(LEAVES[7]!);
  expect(serializeRange(range)).toEqual(aligned(0, 7));
  expect(serializeRange(before)).toEqual(aligned(0, 7));
});

test('a range has at most two subtrees of each size', () => {
  for (const end of [1, 2 ** 20 - 1, 2 ** 32 + 1, 2 ** 40 - 1, Number.MAX_SAFE_INTEGER]) {
    const sizes = subtreeSizes(1, end);
    expect(sizes.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(end)));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(end - 1);
  }
});

test.each([
  ['a gap', 3, 5],
  ['an overlap', 5, 3],
])('ranges with %s between them do not merge', (_, leftEnd, rightBegin) => {
  expect(() => mergeRanges(build(0, leftEnd), build(rightBegin, 8))).toThrow(MALFORMED);
});

test('a range that begins after the first leaf has no root', () => {
  expect(() => rootOf(build(1, 2))).toThrow(MALFORMED);
  expect(() => rootOf(emptyRange(1))).toThrow(MALFORMED);
});

const carried = serializeRange(build(3, 11));
const [first = '', ...others] = carried.hashes;

test('every range is parsed as it was serialised', () => {
  for (let begin = 0; begin <= 20; begin++) {
    for (let end = begin; end <= 20; end++) {
      const range = build(begin, end);
      expect(parseRange(serializeRange(range))).toEqual(range);
    }
  }
});

test.each<[string, Partial<SerializedRange>]>([
  ['one hash too few', { hashes: others }],
  ['one hash too many', { hashes: [...carried.hashes, first] }],
  ['hashes in a range without leaves', { begin: 11 }],
  ['no hashes in a range with leaves', { hashes: [] }],
  ['bounds that require other subtrees', { end: 12 }],
  ['an end at infinity', { end: Infinity }],
  ['bounds in reverse', { begin: 11, end: 3, hashes: [] }],
  ['a hash of 31 bytes', { hashes: [Buffer.alloc(31).toString('base64'), ...others] }],
  ['a hash of 33 bytes', { hashes: [Buffer.alloc(33).toString('base64'), ...others] }],
  ['a hash of no bytes', { hashes: ['', ...others] }],
  ['base64 without padding', { hashes: [first.replace('=', ''), ...others] }],
  ['base64 with a newline', { hashes: [`${first}\n`, ...others] }],
  ['base64 of the URL alphabet', { hashes: [Buffer.alloc(32, 0xff).toString('base64url') + '=', ...others] }],
  ['base64 with stray last bits', { hashes: [`${'A'.repeat(42)}B=`, ...others] }],
])('a serialised range with %s is refused', (_, change) => {
  expect(() => parseRange({ ...carried, ...change })).toThrow(MALFORMED);
});

test.each([
  ['a negative begin', -1, 11],
  ['a fractional begin', 10.5, 11],
  ['a fractional end', 0, 11.5],
  ['a begin that is not a number', NaN, 11],
  ['an end that is not a number', 0, NaN],
  ['an end beyond the safe integers', 0, 2 ** 53],
])('a serialised range with %s and as many hashes as it requires is refused', (_, begin, end) => {
  const hashes = subtreeSizes(begin, end).map(() => first);
  expect(() => parseRange({ begin, end, hashes })).toThrow(MALFORMED);
});

test('the range that the refused ones were made from is accepted', () => {
  expect(parseRange(carried)).toEqual(build(3, 11));
  expect(carried.hashes).toHaveLength(subtreeSizes(3, 11).length);
});

testRefusals('a range', [
  [
    'that is merged with one that is not adjacent',
    () => mergeRanges(emptyRange(2), emptyRange(3)),
    'ranges [2,2) and [3,3) are not adjacent',
  ],
  ['that begins at leaf 2, as a root,', () => rootOf(emptyRange(2)), 'a range that begins at 2 has no root'],
  [
    'that ends before it begins',
    () => parseRange({ begin: 2, end: 1, hashes: [] }),
    'range [2,1) has invalid bounds',
  ],
  [
    'with a node missing',
    () => parseRange({ begin: 0, end: 3, hashes: [Buffer.alloc(32, 7).toString('base64')] }),
    'range [0,3) has 1 nodes, not 2',
  ],
]);

test('the root of leaf hashes is that of the definition, for 0 to 300 leaves', () => {
  for (let size = 0; size <= MAX_LEAVES; size++)
    expect(rootOfLeaves(LEAVES.slice(0, size)).toString('hex')).toBe(root(0, size).toString('hex'));
});
