import { decodeBase64 } from './base64';
import { malformed } from './malformed';
import { sha256 } from './sha256';

const LEAF_PREFIX = Buffer.of(0x00);
const NODE_PREFIX = Buffer.of(0x01);
export const HASH_BYTES = 32;

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1). */
const EMPTY_ROOT: Buffer = sha256();

/** `SHA-256(0x00 ‖ record)`. */
export function leafHash(record: Uint8Array): Buffer {
  return sha256(LEAF_PREFIX, record);
}

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE_PREFIX, left, right);
}

/** The leaves `[begin, end)` of a tree as the roots of the maximal aligned subtrees that cover them, left to right. */
export interface MerkleRange {
  readonly begin: number;
  readonly end: number;
  readonly hashes: readonly Buffer[];
}

/** A range as it is stored and carried: hashes in base64. */
export interface SerializedRange {
  readonly begin: number;
  readonly end: number;
  readonly hashes: readonly string[];
}

/** Sizes of the maximal aligned subtrees that cover `[begin, end)`, left to right. O(log n). */
export function subtreeSizes(begin: number, end: number): number[] {
  const sizes: number[] = [];
  for (let at = begin; at < end; at += sizes.at(-1)!) {
    let size = 1;
    while (at % (2 * size) === 0 && at + 2 * size <= end) size *= 2;
    sizes.push(size);
  }
  return sizes;
}

/** Grows a range leaf by leaf; amortised one node hash a leaf, O(log n) hashes kept. */
export class RangeBuilder {
  readonly #begin: number;
  #end: number;
  readonly #stack: { readonly size: number; readonly hash: Buffer }[] = [];

  constructor(range: MerkleRange) {
    this.#begin = range.begin;
    this.#end = range.end;
    for (const [place, size] of subtreeSizes(range.begin, range.end).entries()) {
      this.#stack.push({ size, hash: range.hashes[place]! });
    }
  }

  appendLeaf(hash: Buffer): void {
    this.appendSubtree(1, hash);
  }

  /** Appends the root of an aligned subtree of `size` leaves that starts where the range ends. */
  appendSubtree(size: number, hash: Buffer): void {
    let node = { size, hash };
    this.#end += size;
    for (let left = this.#stack.at(-1); left !== undefined; left = this.#stack.at(-1)) {
      const start = this.#end - node.size - left.size;
      if (left.size !== node.size || start % (2 * node.size) !== 0) break;
      this.#stack.pop();
      node = { size: 2 * node.size, hash: nodeHash(left.hash, node.hash) };
    }
    this.#stack.push(node);
  }

  range(): MerkleRange {
    return { begin: this.#begin, end: this.#end, hashes: this.#stack.map(({ hash }) => hash) };
  }
}

/** The range without leaves at `begin`. */
export function emptyRange(begin: number): MerkleRange {
  return { begin, end: begin, hashes: [] };
}

/** Joins two neighbours, in O(log n) hashes. EVIDENCE_MALFORMED when they are none. */
export function mergeRanges(left: MerkleRange, right: MerkleRange): MerkleRange {
  if (left.end !== right.begin)
    throw malformed(`ranges [${left.begin},${left.end}) and [${right.begin},${right.end}) do not meet`);
  const builder = new RangeBuilder(left);
  for (const [place, size] of subtreeSizes(right.begin, right.end).entries()) {
    builder.appendSubtree(size, right.hashes[place]!);
  }
  return builder.range();
}

/** The RFC 6962 root of a range that begins at 0. */
export function rootOf(range: MerkleRange): Buffer {
  if (range.begin !== 0) throw malformed(`a range that begins at ${range.begin} has no root`);
  return (
    range.hashes.reduceRight<Buffer | undefined>(
      (right, left) => (right ? nodeHash(left, right) : left),
      undefined,
    ) ?? EMPTY_ROOT
  );
}

export function serializeRange({ begin, end, hashes }: MerkleRange): SerializedRange {
  return { begin, end, hashes: hashes.map((hash) => hash.toString('base64')) };
}

/** Strict: bounds in order, exactly the hashes that the bounds call for, canonical base64. EVIDENCE_MALFORMED. */
export function parseRange({ begin, end, hashes }: SerializedRange): MerkleRange {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw malformed(`range [${begin},${end}) has no sense`);
  }
  const count = subtreeSizes(begin, end).length;
  if (hashes.length !== count)
    throw malformed(`range [${begin},${end}) has ${hashes.length} nodes, not ${count}`);
  return { begin, end, hashes: hashes.map((hash) => decodeBase64(hash, HASH_BYTES)) };
}
