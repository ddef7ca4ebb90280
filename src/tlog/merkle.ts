/**
 * This folder implements a transparency log: RFC 6962 (Merkle tree hash and proofs) and the C2SP formats around it.
 *
 * A log is an append-only list of entries. Each entry is hashed to a leaf, leaves are hashed in pairs up to one root, and
 * the operator signs the root with the number of leaves. A reader with a signed root can check, from about log n
 * hashes, that an entry is in the log (inclusion proof) and that a later root only added entries (consistency proof).
 * The operator cannot show two different histories to two readers who compare their roots.
 *
 * - `merkle.ts` hashes leaves and nodes, and folds them into compact ranges and roots.
 * - `proof.ts` makes and checks both kinds of proof, and the text format that carries an inclusion proof (tlog-proof).
 * - `tiles.ts` cuts a tree into immutable files of 256 hashes that any web server can serve (tlog-tiles).
 * - `note.ts` holds signed notes, verifier keys, and the signed root, called a checkpoint (signed-note, tlog-checkpoint).
 * - `ed25519.ts`, `sha256.ts` and `base64.ts` are the primitives.
 *
 * Everything is pure: storage and signing keys are the caller's. Every parser treats its input as untrusted and accepts one
 * canonical form only; anything else is an EVIDENCE_MALFORMED error.
 *
 * @example
 * import { leafHash, rootOfLeaves } from './merkle';
 * import { leafSource, proveInclusion, rootOfInclusion } from './proof';
 *
 * const leaves = ['first', 'second', 'third'].map((entry) => leafHash(Buffer.from(entry)));
 * const root = rootOfLeaves(leaves);
 *
 * const path = proveInclusion(leafSource(leaves), 1, leaves.length);
 * const proven = rootOfInclusion(leafHash(Buffer.from('second')), 1, leaves.length, path);
 * console.log(proven?.equals(root)); // true
 *
 * @see https://www.rfc-editor.org/rfc/rfc6962 and https://c2sp.org
 */
import { malformed } from '../errors';
import { decodeBase64 } from './base64';
import { sha256, writeSha256 } from './sha256';

export const HASH_BYTES = 32;

const LEAF_PREFIX = Buffer.of(0x00);
const NODE_PREFIX = Buffer.of(0x01);
/** `0x01 ‖ left ‖ right`, filled for each node: an input of its own would cost as much as its hash. */
const NODE_INPUT = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01);
/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1). */
const EMPTY_ROOT: Buffer = sha256();

/** `SHA-256(0x00 ‖ entry)`, 32 bytes. */
export function leafHash(entry: Uint8Array): Buffer {
  return sha256(LEAF_PREFIX, entry);
}

/** `SHA-256(0x01 ‖ left ‖ right)`, 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) return sha256(NODE_PREFIX, left, right);
  NODE_INPUT.set(left, 1);
  NODE_INPUT.set(right, 1 + HASH_BYTES);
  return sha256(NODE_INPUT);
}

/**
 * A compact range: the leaves `[begin, end)` as the roots of the maximal aligned subtrees that cover them, left to right.
 * It holds O(log n) hashes, can be extended and merged, and gives the root when it begins at 0.
 */
export interface MerkleRange {
  readonly begin: number;
  readonly end: number;
  readonly hashes: readonly Buffer[];
}

/** A compact range in JSON: hashes in base64. */
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

/** Extends a range leaf by leaf: amortised one node hash per leaf, O(log n) hashes in memory. */
export class RangeBuilder {
  readonly #begin: number;
  #end: number;
  readonly #stack: { readonly size: number; readonly hash: Buffer }[] = [];

  constructor(range: MerkleRange) {
    this.#begin = range.begin;
    this.#end = range.end;
    for (const [index, size] of subtreeSizes(range.begin, range.end).entries()) {
      this.#stack.push({ size, hash: range.hashes[index]! });
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

/** The range of these leaf hashes, the first of which is leaf `begin`. */
export function rangeOfLeaves(leaves: Iterable<Buffer>, begin = 0): MerkleRange {
  const builder = new RangeBuilder(emptyRange(begin));
  for (const leaf of leaves) builder.appendLeaf(leaf);
  return builder.range();
}

/**
 * The same for leaf hashes that follow each other in one buffer, of which nodes overwrite the beginning: no object for each
 * leaf. `count` leaves of 32 bytes, the first of which is leaf `begin`.
 */
export function rangeOfPackedLeaves(leaves: Buffer, count: number, begin: number): MerkleRange {
  const hashes: Buffer[] = [];
  let at = 0;
  for (const size of subtreeSizes(begin, begin + count)) {
    for (let nodes = size; nodes > 1; nodes /= 2) foldLevel(leaves, at, nodes);
    hashes.push(Buffer.from(leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)));
    at += size;
  }
  return { begin, end: begin + count, hashes };
}

/** Replaces `nodes` hashes from the one at index `at` on by the half as many nodes above them. */
function foldLevel(hashes: Buffer, at: number, nodes: number): void {
  const start = at * HASH_BYTES;
  for (let node = 0; node < nodes / 2; node++) {
    const pair = start + 2 * node * HASH_BYTES;
    hashes.copy(NODE_INPUT, 1, pair, pair + 2 * HASH_BYTES);
    writeSha256(NODE_INPUT, hashes, start + node * HASH_BYTES);
  }
}

/** Joins two adjacent ranges in O(log n) hashes. EVIDENCE_MALFORMED when they are not adjacent. */
export function mergeRanges(left: MerkleRange, right: MerkleRange): MerkleRange {
  if (left.end !== right.begin)
    throw malformed(`ranges [${left.begin},${left.end}) and [${right.begin},${right.end}) are not adjacent`);
  const builder = new RangeBuilder(left);
  for (const [index, size] of subtreeSizes(right.begin, right.end).entries()) {
    builder.appendSubtree(size, right.hashes[index]!);
  }
  return builder.range();
}

/** The RFC 6962 root of a range that begins at 0. EVIDENCE_MALFORMED for any other range. */
export function rootOf(range: MerkleRange): Buffer {
  if (range.begin !== 0) throw malformed(`a range that begins at ${range.begin} has no root`);
  return (
    range.hashes.reduceRight<Buffer | undefined>(
      (right, left) => (right ? nodeHash(left, right) : left),
      undefined,
    ) ?? EMPTY_ROOT
  );
}

/** The RFC 6962 root of the tree of these leaf hashes, in order. */
export function rootOfLeaves(leaves: Iterable<Buffer>): Buffer {
  return rootOf(rangeOfLeaves(leaves));
}

/** The range as it is stored; {@link parseRange} reads it back. */
export function serializeRange({ begin, end, hashes }: MerkleRange): SerializedRange {
  return { begin, end, hashes: hashes.map((hash) => hash.toString('base64')) };
}

/** Reads a range strictly: bounds in order, as many hashes as they require, canonical base64. EVIDENCE_MALFORMED. */
export function parseRange({ begin, end, hashes }: SerializedRange): MerkleRange {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw malformed(`range [${begin},${end}) has invalid bounds`);
  }
  const count = subtreeSizes(begin, end).length;
  if (hashes.length !== count)
    throw malformed(`range [${begin},${end}) has ${hashes.length} nodes, not ${count}`);
  return { begin, end, hashes: hashes.map((hash) => decodeBase64(hash, HASH_BYTES)) };
}
