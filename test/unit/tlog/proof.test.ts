import { leafHash, nodeHash, rootOfLeaves } from '../../../src/tlog/merkle';
import {
  formatTlogProof,
  leafSource,
  parseTlogProof,
  proveConsistency,
  proveInclusion,
  rootOfInclusion,
  subtreeSource,
  verifyConsistency,
} from '../../../src/tlog/proof';
import { testRefusals } from '../../harness/refusals';

const LEAVES = Array.from({ length: 40 }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));
const SOURCE = leafSource(LEAVES);

/** RFC 6962, section 2.1, word for word: the definition that proofs are compared with. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  const k = largestBelow(leaves.length);
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

function path(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = largestBelow(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

function subproof(m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = largestBelow(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

function largestBelow(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}

const hex = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('hex'));
const head = (size: number) => ({ size, root: rootOfLeaves(LEAVES.slice(0, size)) });

test('every inclusion proof up to 40 leaves is the one that the RFC defines, and leads to the root', () => {
  for (let size = 1; size <= LEAVES.length; size++) {
    for (let index = 0; index < size; index++) {
      const proof = proveInclusion(SOURCE, index, size);
      expect(hex(proof)).toEqual(hex(path(index, LEAVES.slice(0, size))));
      expect(rootOfInclusion(LEAVES[index]!, index, size, proof)!.equals(head(size).root)).toBe(true);
    }
  }
});

test('every consistency proof up to 40 leaves is the one that the RFC defines, and verifies', () => {
  for (let later = 1; later <= LEAVES.length; later++) {
    for (let earlier = 1; earlier <= later; earlier++) {
      const proof = proveConsistency(SOURCE, earlier, later);
      expect(hex(proof)).toEqual(hex(subproof(earlier, LEAVES.slice(0, later), true)));
      expect(verifyConsistency(head(earlier), head(later), proof)).toBe(true);
    }
    expect(verifyConsistency(head(0), head(later), proveConsistency(SOURCE, 0, later))).toBe(true);
  }
});

test('an inclusion proof with another index, size, leaf, hash or length does not lead to the root', () => {
  for (const size of [1, 2, 3, 7, 8, 9, 33, 40]) {
    for (let index = 0; index < size; index++) {
      const proof = proveInclusion(SOURCE, index, size);
      const { root } = head(size);
      const leads = (leaf: Buffer, at: number, of: number, hashes: readonly Buffer[]) =>
        rootOfInclusion(leaf, at, of, hashes)?.equals(root) ?? false;
      const leaf = LEAVES[index]!;
      const others = Array.from({ length: size }, (_, other) => other).filter((other) => other !== index);
      expect(others.filter((other) => leads(leaf, other, size, proof))).toEqual([]);
      expect(leads(LEAVES[(index + 1) % 40]!, index, size, proof)).toBe(false);
      expect(leads(leaf, index, size, [...proof, root])).toBe(false);
      expect(leads(leaf, size, size, proof)).toBe(false);
      expect(leads(leaf, -1, size, proof)).toBe(false);
      expect(proof.length > 0 && leads(leaf, index, size, proof.slice(1))).toBe(false);
      for (let level = 0; level < proof.length; level++)
        expect(leads(leaf, index, size, proof.with(level, leaf))).toBe(false);
    }
  }
});

test('a consistency proof does not verify for another tree or size, nor with another hash', () => {
  for (const [earlier, later] of [
    [1, 2],
    [2, 3],
    [3, 7],
    [4, 8],
    [6, 8],
    [33, 40],
    [32, 40],
    [7, 7],
  ] as const) {
    const proof = proveConsistency(SOURCE, earlier, later);
    const forged = { size: earlier, root: leafHash(Buffer.from('another history')) };
    expect(verifyConsistency(forged, head(later), proof)).toBe(false);
    expect(verifyConsistency(head(earlier), { ...forged, size: later }, proof)).toBe(false);
    expect(verifyConsistency(head(later), head(earlier), proof)).toBe(earlier === later);
    expect(verifyConsistency(head(earlier), head(later), [...proof, forged.root])).toBe(false);
    const shorter = proof.slice(1);
    expect(proof.length > 0 && verifyConsistency(head(earlier), head(later), shorter)).toBe(false);
    for (let level = 0; level < proof.length; level++)
      expect(verifyConsistency(head(earlier), head(later), proof.with(level, forged.root))).toBe(false);
  }
  expect(verifyConsistency(head(0), head(5), [LEAVES[0]!])).toBe(false);
  expect(verifyConsistency({ size: 0, root: LEAVES[0]! }, head(5), [])).toBe(false);
});

test('proofs are made from subtrees of which only the root is known', () => {
  const known = [
    { begin: 0, size: 4, hash: rootOfLeaves(LEAVES.slice(0, 4)) },
    ...LEAVES.slice(4, 7).map((hash, offset) => ({ begin: 4 + offset, size: 1, hash })),
    { begin: 7, size: 1, hash: LEAVES[7]! },
    { begin: 8, size: 2, hash: rootOfLeaves(LEAVES.slice(8, 10)) },
  ];
  for (const index of [4, 5, 6])
    expect(hex(proveInclusion(subtreeSource(known), index, 10))).toEqual(
      hex(path(index, LEAVES.slice(0, 10))),
    );
});

test('a proof for a leaf or tree that is not known is refused', () => {
  expect(() => proveInclusion(SOURCE, 5, 5)).toThrow('has no leaf 5');
  expect(() => proveInclusion(SOURCE, -1, 5)).toThrow('has no leaf -1');
  expect(() => proveConsistency(SOURCE, 6, 5)).toThrow('a tree of 5 leaves does not extend one of 6');
  expect(() => proveInclusion(SOURCE, 0, 41)).toThrow('no hash is known at leaf 40');
  const coarse = subtreeSource([{ begin: 0, size: 4, hash: LEAVES[0]! }]);
  expect(() => proveInclusion(coarse, 0, 2)).toThrow('no hash is known at leaf 1');
  expect(() => coarse(0, 2)).toThrow('not a subtree');
});

const PATH = [leafHash(Buffer.of(1)), leafHash(Buffer.of(2))];
const PROOF = { index: 12, path: PATH, checkpoint: Buffer.from('note\n\n— sig\n') };
const TEXT = formatTlogProof(PROOF);

test('the text of a proof is read as it was written', () => {
  expect(parseTlogProof(TEXT)).toEqual(PROOF);
  expect(TEXT).toBe(
    `c2sp.org/tlog-proof@v1\nindex 12\n${PATH.map((hash) => hash.toString('base64')).join('\n')}\n\nnote\n\n— sig\n`,
  );
  expect(parseTlogProof(formatTlogProof({ ...PROOF, index: 0, path: [] }))).toMatchObject({
    index: 0,
    path: [],
  });
  expect(
    parseTlogProof(formatTlogProof({ ...PROOF, path: Array.from({ length: 53 }, () => PATH[0]!) })).path,
  ).toHaveLength(53);
});

test.each([
  ['another first line', TEXT.slice(1), 'not a proof'],
  ['no empty line', 'c2sp.org/tlog-proof@v1\nindex 1\n', 'not a proof'],
  ['a leading zero in its index', TEXT.replace('index 12', 'index 012'), 'no canonical index'],
  ['a negative index', TEXT.replace('index 12', 'index -1'), 'no canonical index'],
  ['an index beyond safe integers', TEXT.replace('index 12', 'index 9007199254740993'), 'no canonical index'],
  ['a space after its index', TEXT.replace('index 12', 'index 12 '), 'no canonical index'],
  ['extra data', TEXT.replace('index', 'extra QQ==\nindex'), 'no canonical index'],
  ['a hash of three bytes', TEXT.replace(PATH[0]!.toString('base64'), 'QUJD'), '3 bytes, not 32'],
  [
    '54 hashes',
    formatTlogProof({ ...PROOF, path: Array.from({ length: 54 }, () => PATH[0]!) }),
    'more hashes than any tree has levels',
  ],
  ['too many bytes', TEXT + 'x'.repeat(1 << 16), 'larger than 65536'],
])('the text of a proof with %s is refused', (_, given, words) => {
  expect(() => parseTlogProof(given)).toThrow(words);
});

const HEADER = 'c2sp.org/tlog-proof@v1';
testRefusals('the text of a proof', [
  [
    'without a blank line',
    () => parseTlogProof(`${HEADER}\nindex 1\n`),
    `not a proof: its first line is not ${HEADER}`,
  ],
  ['that is empty', () => parseTlogProof('\n\nrest'), `not a proof: its first line is not ${HEADER}`],
  ['with an index of 01', () => parseTlogProof(`${HEADER}\nindex 01\n\n`), 'proof has no canonical index'],
  [
    'with words before its index',
    () => parseTlogProof(`${HEADER}\nan index 1\n\n`),
    'proof has no canonical index',
  ],
  ['without an index', () => parseTlogProof(`${HEADER}\n\n`), 'proof has no canonical index'],
]);

test('the text of a proof may have 65536 bytes, and no more', () => {
  const longest = TEXT + 'x'.repeat(65_536 - Buffer.byteLength(TEXT));
  expect(parseTlogProof(longest).index).toBe(12);
  expect(() => parseTlogProof(`${longest}x`)).toThrow('proof is larger than 65536 bytes');
});
