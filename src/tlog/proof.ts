import { malformed } from '../errors';
import { decodeBase64 } from './base64';
import { HASH_BYTES, RangeBuilder, emptyRange, nodeHash, rootOf, subtreeSizes } from './merkle';

/** Root of the complete subtree over the leaves `[begin, begin + size)`: `size` is a power of two, `begin` a multiple of it. */
export type SubtreeSource = (begin: number, size: number) => Buffer;

/** A known subtree: a leaf, or the root of an aligned subtree of `size` leaves. */
export interface KnownSubtree {
  readonly begin: number;
  readonly size: number;
  readonly hash: Buffer;
}

/** A size of a log, and the root of its tree at that size. */
interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** The subtrees of a tree whose leaf hashes are all known. */
export function leafSource(leaves: readonly Buffer[]): SubtreeSource {
  return subtreeSource(leaves.map((hash, begin) => ({ begin, size: 1, hash })));
}

/**
 * The subtrees that can be computed from known ones, which cover a tree from left to right without a gap. The source
 * throws EVIDENCE_MALFORMED for a subtree that lies outside of them or inside one of them.
 */
export function subtreeSource(known: readonly KnownSubtree[]): SubtreeSource {
  return (begin, size) => {
    const range = new RangeBuilder(emptyRange(begin));
    let end = begin;
    for (let index = firstAtOrAfter(known, begin); end < begin + size; index++) {
      const node = known[index];
      if (!node || node.begin !== end) throw malformed(`no hash is known at leaf ${end}`);
      range.appendSubtree(node.size, node.hash);
      end += node.size;
    }
    const [hash, ...more] = range.range().hashes;
    if (end !== begin + size || hash === undefined || more.length > 0)
      throw malformed(`the leaves [${begin},${begin + size}) are not a subtree of the known hashes`);
    return hash;
  };
}

function firstAtOrAfter(known: readonly KnownSubtree[], begin: number): number {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle]!.begin < begin) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Inclusion proof of leaf `index` in the tree of the first `size` leaves, leaf side first (RFC 6962, section 2.1.1).
 * Asks `source` for O(log² n) subtrees.
 */
export function proveInclusion(source: SubtreeSource, index: number, size: number): Buffer[] {
  if (!(index >= 0 && index < size)) throw malformed(`a tree of ${size} leaves has no leaf ${index}`);
  const path: Buffer[] = [];
  let begin = 0;
  let end = size;
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    const [from, until] = index < middle ? [middle, end] : [begin, middle];
    path.unshift(hashOf(source, from, until));
    if (index < middle) end = middle;
    else begin = middle;
  }
  return path;
}

/** Proof that the tree of `size` leaves extends the tree of its first `earlier` leaves (RFC 6962, section 2.1.2). */
export function proveConsistency(source: SubtreeSource, earlier: number, size: number): Buffer[] {
  if (!(earlier >= 0 && earlier <= size))
    throw malformed(`a tree of ${size} leaves does not extend one of ${earlier}`);
  if (earlier === 0 || earlier === size) return [];

  const path: Buffer[] = [];
  let begin = 0;
  let end = size;
  while (end > earlier) {
    const middle = begin + splitPoint(end - begin);
    if (earlier <= middle) {
      path.unshift(hashOf(source, middle, end));
      end = middle;
    } else {
      path.unshift(hashOf(source, begin, middle));
      begin = middle;
    }
  }
  // A subtree that begins at 0 is the whole earlier tree, whose root the verifier has.
  return begin === 0 ? path : [hashOf(source, begin, end), ...path];
}

/** The root that an inclusion proof leads to; undefined when its length does not fit the index and size. */
export function rootOfInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | undefined {
  if (!(index >= 0 && index < size)) return undefined;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node > 0) [node, last] = [half(node), half(last)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? hash : undefined;
}

/** True when the proof shows that the later tree extends the earlier one (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(earlier: TreeHead, later: TreeHead, path: readonly Buffer[]): boolean {
  if (earlier.size > later.size) return false;
  if (earlier.size === later.size) return path.length === 0 && earlier.root.equals(later.root);
  if (earlier.size === 0) return path.length === 0 && earlier.root.equals(rootOf(emptyRange(0)));

  const [start, ...rest] = isPowerOfTwo(earlier.size) ? [earlier.root, ...path] : path;
  if (!start) return false;
  let [node, last] = [earlier.size - 1, later.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [first, second] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      first = nodeHash(sibling, first);
      second = nodeHash(sibling, second);
      while (node % 2 === 0 && node > 0) [node, last] = [half(node), half(last)];
    } else second = nodeHash(second, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && first.equals(earlier.root) && second.equals(later.root);
}

/** The largest power of two below `count`, which is at least 2. */
function splitPoint(count: number): number {
  let size = 1;
  while (size * 2 < count) size *= 2;
  return size;
}

function hashOf(source: SubtreeSource, begin: number, end: number): Buffer {
  let at = begin;
  const hashes = subtreeSizes(begin, end).map((size) => {
    const hash = source(at, size);
    at += size;
    return hash;
  });
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

function isPowerOfTwo(count: number): boolean {
  return subtreeSizes(0, count).length === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

const HEADER = 'c2sp.org/tlog-proof@v1';
/** No tree whose size is a safe integer is deeper. */
const MAX_PATH = 53;
const MAX_PROOF_BYTES = 1 << 16;

/** Inclusion of one leaf, with the signed checkpoint whose root the path leads to (c2sp.org/tlog-proof). */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: Buffer;
}

/** The text form of a proof; {@link parseTlogProof} reads it back. */
export function formatTlogProof({ index, path, checkpoint }: TlogProof): string {
  const lines = [HEADER, `index ${index}`, ...path.map((hash) => hash.toString('base64')), '', ''];
  return lines.join('\n') + checkpoint.toString('utf8');
}

/** Reads the canonical text form of a proof. Extra data is refused, because nothing signs it. EVIDENCE_MALFORMED. */
export function parseTlogProof(text: string): TlogProof {
  if (Buffer.byteLength(text) > MAX_PROOF_BYTES)
    throw malformed(`proof is larger than ${MAX_PROOF_BYTES} bytes`);
  const end = text.indexOf('\n\n');
  const [header, indexLine = '', ...hashes] = end < 0 ? [] : text.slice(0, end).split('\n');
  if (header !== HEADER) throw malformed(`not a proof: its first line is not ${HEADER}`);
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(indexLine) ?? [];
  const index = Number(digits);
  if (!Number.isSafeInteger(index)) throw malformed('proof has no canonical index');
  if (hashes.length > MAX_PATH) throw malformed('proof has more hashes than any tree has levels');
  return {
    index,
    path: hashes.map((hash) => decodeBase64(hash, HASH_BYTES)),
    checkpoint: Buffer.from(text.slice(end + 2)),
  };
}
