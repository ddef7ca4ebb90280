import { malformed } from './malformed';
import { RangeBuilder, emptyRange, nodeHash, rootOf, subtreeSizes } from './merkle';

/** Root of the complete subtree over the leaves `[begin, begin + size)`, `size` a power of two and `begin` a multiple of it. */
export type SubtreeSource = (begin: number, size: number) => Buffer;

/** A known subtree: a leaf, or the root of an aligned subtree of `size` leaves. */
export interface KnownSubtree {
  readonly begin: number;
  readonly size: number;
  readonly hash: Buffer;
}

/** Subtrees out of known ones that cover a tree from left to right without a gap. */
export function sourceOf(known: readonly KnownSubtree[]): SubtreeSource {
  return (begin, size) => {
    const range = new RangeBuilder(emptyRange(begin));
    let end = begin;
    for (let place = firstAt(known, begin); end < begin + size; place++) {
      const node = known[place];
      if (!node || node.begin !== end) throw malformed(`no hash is known at leaf ${end}`);
      range.appendSubtree(node.size, node.hash);
      end += node.size;
    }
    const [hash, ...more] = range.range().hashes;
    if (end !== begin + size || hash === undefined || more.length > 0)
      throw malformed(`the leaves [${begin},${begin + size}) are not a subtree of what is known`);
    return hash;
  };
}

function firstAt(known: readonly KnownSubtree[], begin: number): number {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle]!.begin < begin) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Inclusion proof of leaf `index` in the tree of the first `size` leaves (RFC 6962, section 2.1.1), leaf side first. */
export function proveInclusion(source: SubtreeSource, index: number, size: number): Buffer[] {
  if (!(index >= 0 && index < size)) throw malformed(`a tree of ${size} leaves has no leaf ${index}`);
  const path: Buffer[] = [];
  let begin = 0;
  let end = size;
  while (end - begin > 1) {
    const middle = begin + split(end - begin);
    const [from, until] = index < middle ? [middle, end] : [begin, middle];
    path.unshift(hashOf(source, from, until));
    if (index < middle) end = middle;
    else begin = middle;
  }
  return path;
}

/** Proof that the tree of `size` leaves continues the tree of the first `earlier` (RFC 6962, section 2.1.2). */
export function proveConsistency(source: SubtreeSource, earlier: number, size: number): Buffer[] {
  if (!(earlier >= 0 && earlier <= size)) throw malformed(`a tree of ${size} leaves had never ${earlier}`);
  const path: Buffer[] = [];
  if (earlier === 0 || earlier === size) return path;
  let begin = 0;
  let end = size;
  let whole = true;
  while (end > earlier) {
    const middle = begin + split(end - begin);
    if (earlier <= middle) {
      path.unshift(hashOf(source, middle, end));
      end = middle;
    } else {
      path.unshift(hashOf(source, begin, middle));
      begin = middle;
      whole = false;
    }
  }
  return whole ? path : [hashOf(source, begin, end), ...path];
}

/** The root that an inclusion proof leads to; undefined when it has another length than the place calls for. */
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

/** True when the proof shows that the second tree continues the first (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(
  earlier: { readonly size: number; readonly root: Buffer },
  later: { readonly size: number; readonly root: Buffer },
  path: readonly Buffer[],
): boolean {
  if (earlier.size > later.size) return false;
  if (earlier.size === later.size) return path.length === 0 && earlier.root.equals(later.root);
  if (earlier.size === 0) return path.length === 0 && earlier.root.equals(rootOf(emptyRange(0)));
  const steps = isPowerOfTwo(earlier.size) ? [earlier.root, ...path] : [...path];
  let [node, last] = [earlier.size - 1, later.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const [start, ...rest] = steps;
  if (!start) return false;
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
function split(count: number): number {
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
