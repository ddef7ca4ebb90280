import { HASH_BYTES, rangeOfPackedLeaves, type MerkleRange } from '../tlog/merkle';
import { findingOfScanned, type FindingKind, type HashScheme } from './recordFinding';
import type { RecordScanner } from './recordScanner';

const FIRST_LEAVES = 1024;
const TEXT_BLOCK_BYTES = 64 * 1024;

/**
 * Hashes the records of one chunk in their order, for the writer and for the verifier: each becomes a Merkle leaf, is
 * compared with the hash that it carries, and the text of this hash goes to `onTexts`, with others in one block.
 */
export class ChunkHasher {
  readonly #scheme: HashScheme;
  readonly #onTexts: (texts: Buffer) => void;
  #leaves = Buffer.allocUnsafe(FIRST_LEAVES * HASH_BYTES);
  #count = 0;
  #block = Buffer.allocUnsafe(TEXT_BLOCK_BYTES);
  #filled = 0;

  /** `onTexts` must not keep the bytes: they are overwritten afterwards. */
  constructor(scheme: HashScheme, onTexts: (texts: Buffer) => void) {
    this.#scheme = scheme;
    this.#onTexts = onTexts;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the next record; returns its finding. */
  add(record: RecordScanner): FindingKind | undefined {
    if ((this.#count + 1) * HASH_BYTES > this.#leaves.length)
      this.#leaves = Buffer.concat([this.#leaves, Buffer.allocUnsafe(this.#leaves.length)]);
    record.writeLeafHash(this.#leaves, this.#count * HASH_BYTES);
    this.#count++;
    if (record.hashStart >= 0) this.#addText(record);
    return findingOfScanned(record, this.#scheme);
  }

  /** Ends the chunk: its Merkle range, of which the first leaf is leaf `begin`. Nothing can be added afterwards. */
  finish(begin: number): MerkleRange {
    this.#flush();
    return rangeOfPackedLeaves(this.#leaves, this.#count, begin);
  }

  #addText({ bytes, hashStart, hashEnd }: RecordScanner): void {
    const size = hashEnd - hashStart;
    if (this.#filled + size > TEXT_BLOCK_BYTES) this.#flush();
    if (size > TEXT_BLOCK_BYTES) return this.#onTexts(bytes.subarray(hashStart, hashEnd));
    bytes.copy(this.#block, this.#filled, hashStart, hashEnd);
    this.#filled += size;
  }

  #flush(): void {
    if (this.#filled > 0) this.#onTexts(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
