import { randomBytes } from 'node:crypto';
import { FINGERPRINT_WORDS as WORDS, fingerprintOf } from './idFingerprint';

/** Tables of a set: each grows alone, so that growing needs little memory and time at once. */
const TABLES = 64;
const FIRST_SLOTS = 16;
/** A table that is fuller grows by half. */
const MAX_LOAD = 0.7;

/**
 * A set of record ids in about 20 bytes each, so that those of millions of records fit into memory. It holds the
 * fingerprint of each id.
 */
export class IdSet {
  /** Fingerprints, three words a slot; all zero in a free one. */
  readonly #tables: Uint32Array[] = [];
  readonly #sizes = new Uint32Array(TABLES);
  #hasZero = false;
  /** Unknown to a writer of evidence, who could otherwise choose ids for one slot. */
  readonly #seed = randomBytes(4).readUInt32LE() | 1;

  get size(): number {
    return this.#sizes.reduce((total, size) => total + size, Number(this.#hasZero));
  }

  /** Adds an id; false when it was there already. */
  add(id: string): boolean {
    return this.addFingerprint(...fingerprintOf(id));
  }

  has(id: string): boolean {
    return this.hasFingerprint(...fingerprintOf(id));
  }

  /** Adds the id with this fingerprint; false when it was there already. */
  addFingerprint(a: number, b: number, c: number): boolean {
    if ((a | b | c) === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    const mixed = this.#mix(a, b, c);
    const index = mixed & (TABLES - 1);
    const table = (this.#tables[index] ??= new Uint32Array(FIRST_SLOTS * WORDS));
    const at = find(table, mixed, a, b, c);
    if (!isFree(table, at)) return false;
    write(table, at, a, b, c);
    if (++this.#sizes[index]! > (table.length / WORDS) * MAX_LOAD) this.#tables[index] = this.#grown(table);
    return true;
  }

  hasFingerprint(a: number, b: number, c: number): boolean {
    if ((a | b | c) === 0) return this.#hasZero;
    const mixed = this.#mix(a, b, c);
    const table = this.#tables[mixed & (TABLES - 1)];
    return table !== undefined && !isFree(table, find(table, mixed, a, b, c));
  }

  /** 32 bits: the lower ones choose a table, the upper ones a slot. */
  #mix(a: number, b: number, c: number): number {
    let mixed = Math.imul(a ^ this.#seed, 0x85eb_ca6b) ^ Math.imul(b ^ (this.#seed >>> 7), 0xc2b2_ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ c, this.#seed);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return mixed ^ (mixed >>> 16);
  }

  #grown(table: Uint32Array): Uint32Array {
    const slots = table.length / WORDS;
    const grown = new Uint32Array(Math.ceil(slots * 1.5) * WORDS);
    for (let at = 0; at < table.length; at += WORDS) {
      if (isFree(table, at)) continue;
      const [a, b, c] = [table[at]!, table[at + 1]!, table[at + 2]!];
      write(grown, find(grown, this.#mix(a, b, c), a, b, c), a, b, c);
    }
    return grown;
  }
}

/** Where a fingerprint is, or the free slot where it belongs. */
function find(table: Uint32Array, mixed: number, a: number, b: number, c: number): number {
  const slots = table.length / WORDS;
  let at = Math.floor(((mixed >>> 0) / 2 ** 32) * slots) * WORDS;
  while (!isFree(table, at) && !(table[at] === a && table[at + 1] === b && table[at + 2] === c)) {
    at += WORDS;
    if (at === table.length) at = 0;
  }
  return at;
}

function isFree(table: Uint32Array, at: number): boolean {
  return (table[at]! | table[at + 1]! | table[at + 2]!) === 0;
}

function write(table: Uint32Array, at: number, a: number, b: number, c: number): void {
  table[at] = a;
  table[at + 1] = b;
  table[at + 2] = c;
}
