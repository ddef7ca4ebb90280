import { createHash, randomBytes } from 'node:crypto';

const OBJECT_ID = /^[0-9a-f]{24}$/;
/** 32-bit words of a fingerprint. */
const WORDS = 3;
const FIRST_SLOTS = 1024;

/**
 * A set of record ids in about 25 bytes each, so that those of millions of records fit into memory. It holds 96 bits of
 * each id: an ObjectId itself, and of other ids the beginning of a salted SHA-256.
 */
export class IdSet {
  /** Fingerprints, three words a slot; all zero in a free one. */
  #words = new Uint32Array(FIRST_SLOTS * WORDS);
  #size = 0;
  #hasZero = false;
  /** Unknown to a writer of evidence, who could otherwise choose ids for one slot or with one digest. */
  readonly #seed = randomBytes(4).readUInt32LE() | 1;
  readonly #salt = randomBytes(32);

  get size(): number {
    return this.#size + Number(this.#hasZero);
  }

  /** Adds an id; false when it was there already. */
  add(id: string): boolean {
    const [a, b, c] = this.#fingerprintOf(id);
    if ((a | b | c) === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    const at = this.#find(a, b, c);
    if (!this.#isFree(at)) return false;
    this.#words.set([a, b, c], at);
    this.#size++;
    if (this.#size * 2 > this.#words.length / WORDS) this.#grow();
    return true;
  }

  has(id: string): boolean {
    const [a, b, c] = this.#fingerprintOf(id);
    return (a | b | c) === 0 ? this.#hasZero : !this.#isFree(this.#find(a, b, c));
  }

  /** Where a fingerprint is, or the free slot where it belongs. */
  #find(a: number, b: number, c: number): number {
    const words = this.#words;
    const mask = words.length / WORDS - 1;
    let mixed = Math.imul(a ^ this.#seed, 0x85eb_ca6b) ^ Math.imul(b ^ (this.#seed >>> 7), 0xc2b2_ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ c, this.#seed);
    let slot = (mixed ^ (mixed >>> 13)) & mask;
    for (;;) {
      const at = slot * WORDS;
      if (this.#isFree(at) || (words[at] === a && words[at + 1] === b && words[at + 2] === c)) return at;
      slot = (slot + 1) & mask;
    }
  }

  #isFree(at: number): boolean {
    const words = this.#words;
    return (words[at]! | words[at + 1]! | words[at + 2]!) === 0;
  }

  #grow(): void {
    const words = this.#words;
    this.#words = new Uint32Array(words.length * 2);
    for (let at = 0; at < words.length; at += WORDS) {
      const [a = 0, b = 0, c = 0] = words.subarray(at, at + WORDS);
      if ((a | b | c) !== 0) this.#words.set([a, b, c], this.#find(a, b, c));
    }
  }

  #fingerprintOf(id: string): readonly [number, number, number] {
    const bytes = OBJECT_ID.test(id) ? Buffer.from(id, 'hex') : this.#digest(id);
    return [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8)];
  }

  #digest(id: string): Buffer {
    return createHash('sha256').update(this.#salt).update(id, 'latin1').digest();
  }
}
