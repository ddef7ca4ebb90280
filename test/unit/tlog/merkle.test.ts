import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import {
  emptyRange,
  leafHash,
  mergeRanges,
  parseRange,
  RangeBuilder,
  rootOf,
  serializeRange,
  subtreeSizes,
  type MerkleRange,
  type SerializedRange,
} from '../../../src/tlog/merkle';

const MAX_LEAVES = 300;
const RECORDS = Array.from({ length: MAX_LEAVES }, (_, index) => Buffer.from(`record ${index}`));
const LEAVES = RECORDS.map(leafHash);
const MALFORMED = expect.objectContaining({ code: 'EVIDENCE_MALFORMED' });

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

/** Every range is asked for many times over; ranges do not change, so one copy of each serves all tests. */
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

describe('the published tree of RFC 6962', () => {
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
  ])('of %i leaves has the published root', (size, published) => {
    const builder = new RangeBuilder(emptyRange(0));
    for (const input of inputs.slice(0, size)) builder.appendLeaf(leafHash(input));
    expect(rootOf(builder.range()).toString('hex')).toBe(published);
    expect(mth(inputs.slice(0, size)).toString('hex')).toBe(published);
  });
});

describe('a range', () => {
  test('of 0 to 300 leaves gives the root of the definition, leaf by leaf', () => {
    const builder = new RangeBuilder(emptyRange(0));
    for (let size = 0; size <= MAX_LEAVES; size++) {
      expect(rootOf(builder.range()).toString('hex')).toBe(root(0, size).toString('hex'));
      if (size < MAX_LEAVES) builder.appendLeaf(LEAVES[size]!);
    }
  });

  test('of 0 to 300 leaves is the subtrees that subtreeSizes names', () => {
    for (let size = 0; size <= MAX_LEAVES; size++) {
      let from = 0;
      const hashes = subtreeSizes(0, size).map((width) => root(from, (from += width)));
      const folded = rootOf({ begin: 0, end: size, hashes });
      expect(folded.toString('hex')).toBe(root(0, size).toString('hex'));
    }
  });

  test('between any two of 65 boundaries is the roots of its maximal aligned subtrees', () => {
    for (let begin = 0; begin <= 64; begin++) {
      for (let end = begin; end <= 64; end++) {
        expect(serializeRange(build(begin, end))).toEqual(aligned(begin, end));
      }
    }
  });

  test('merged from its parts at any boundary is the range built in one go, for up to 64 leaves', () => {
    for (let end = 0; end <= 64; end++) {
      for (let at = 0; at <= end; at++) {
        const merged = mergeRanges(build(0, at), build(at, end));
        expect(serializeRange(merged)).toEqual(aligned(0, end));
      }
    }
  });

  test('merged from two parts inside the tree is the range built in one go', () => {
    for (let begin = 1; begin <= 24; begin++) {
      for (let at = begin; at <= 24; at++) {
        const merged = mergeRanges(build(begin, at), build(at, 24));
        expect(serializeRange(merged)).toEqual(aligned(begin, 24));
      }
    }
  });

  test('is the same for any cuts and any order of merging', () => {
    const boundaries = fc.uniqueArray(fc.nat(MAX_LEAVES), { minLength: 2, maxLength: 12 });
    const orders = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(boundaries, orders, (cuts, order) => {
        cuts.sort((left, right) => left - right);
        const parts = cuts.slice(1).map((end, place) => build(cuts[place]!, end));
        for (const pick of order) {
          if (parts.length === 1) break;
          const at = pick % (parts.length - 1);
          parts.splice(at, 2, mergeRanges(parts[at]!, parts[at + 1]!));
        }
        expect(parts.map(serializeRange)).toEqual([aligned(cuts[0]!, cuts.at(-1)!)]);
      }),
    );
  });

  test('carried as text at any size goes on as if it had never stopped', () => {
    for (let size = 0; size <= 64; size++) {
      const carried = JSON.parse(JSON.stringify(serializeRange(build(0, size)))) as SerializedRange;
      const builder = new RangeBuilder(parseRange(carried));
      for (const leaf of LEAVES.slice(size, 65)) builder.appendLeaf(leaf);
      expect(builder.range()).toEqual(build(0, 65));
    }
  });

  test('is left as it was by the builder that goes on from it', () => {
    const range = build(0, 7);
    const first = new RangeBuilder(range);
    const seen = first.range();
    first.appendLeaf(LEAVES[7]!);
    expect(serializeRange(range)).toEqual(aligned(0, 7));
    expect(serializeRange(seen)).toEqual(aligned(0, 7));
  });

  test('keeps no more hashes than its size has binary digits, at both ends', () => {
    for (const end of [1, 2 ** 20 - 1, 2 ** 32 + 1, 2 ** 40 - 1, Number.MAX_SAFE_INTEGER]) {
      const sizes = subtreeSizes(1, end);
      expect(sizes.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(end)));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(end - 1);
    }
  });

  test.each([
    ['a gap', 3, 5],
    ['an overlap', 5, 3],
  ])('does not merge across %s', (_, leftEnd, rightBegin) => {
    expect(() => mergeRanges(build(0, leftEnd), build(rightBegin, 8))).toThrow(MALFORMED);
  });

  test('that begins behind the first leaf has no root', () => {
    expect(() => rootOf(build(1, 2))).toThrow(MALFORMED);
    expect(() => rootOf(emptyRange(1))).toThrow(MALFORMED);
  });
});

describe('parseRange', () => {
  const carried = serializeRange(build(3, 11));
  const [first = '', ...others] = carried.hashes;

  test('reads back every range that serializeRange writes', () => {
    for (let begin = 0; begin <= 20; begin++) {
      for (let end = begin; end <= 20; end++) {
        const range = build(begin, end);
        expect(parseRange(serializeRange(range))).toEqual(range);
      }
    }
  });

  test.each<[string, Partial<SerializedRange>]>([
    ['a hash too few', { hashes: others }],
    ['a hash too many', { hashes: [...carried.hashes, first] }],
    ['hashes in a range without leaves', { begin: 11 }],
    ['no hashes in a range with leaves', { hashes: [] }],
    ['bounds that call for other subtrees', { end: 12 }],
    ['an end at infinity', { end: Infinity }],
    ['bounds in reverse', { begin: 11, end: 3, hashes: [] }],
    ['a hash of 31 bytes', { hashes: [Buffer.alloc(31).toString('base64'), ...others] }],
    ['a hash of 33 bytes', { hashes: [Buffer.alloc(33).toString('base64'), ...others] }],
    ['a hash of no bytes', { hashes: ['', ...others] }],
    ['base64 without padding', { hashes: [first.replace('=', ''), ...others] }],
    ['base64 with a newline', { hashes: [`${first}\n`, ...others] }],
    [
      'base64 of the URL alphabet',
      { hashes: [Buffer.alloc(32, 0xff).toString('base64url') + '=', ...others] },
    ],
    ['base64 with stray last bits', { hashes: [`${'A'.repeat(42)}B=`, ...others] }],
  ])('refuses %s', (_, change) => {
    expect(() => parseRange({ ...carried, ...change })).toThrow(MALFORMED);
  });

  test.each([
    ['a negative begin', -1, 11],
    ['a broken begin', 10.5, 11],
    ['a broken end', 0, 11.5],
    ['a begin that is no number', NaN, 11],
    ['an end that is no number', 0, NaN],
    ['an end beyond the safe integers', 0, 2 ** 53],
  ])('refuses %s with all the hashes it calls for', (_, begin, end) => {
    const hashes = subtreeSizes(begin, end).map(() => first);
    expect(() => parseRange({ begin, end, hashes })).toThrow(MALFORMED);
  });

  test('accepts the range that the refused ones were made of', () => {
    expect(parseRange(carried)).toEqual(build(3, 11));
    expect(carried.hashes).toHaveLength(subtreeSizes(3, 11).length);
  });
});
