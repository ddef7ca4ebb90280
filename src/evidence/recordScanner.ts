import { sha256Hex, writeSha256 } from '../tlog/sha256';
import {
  BSON_DATE,
  BSON_OBJECT_ID,
  BSON_STRING,
  checkDocument,
  endOfName,
  endOfValue,
  type BsonValue,
} from './bsonElements';
import type { RecordMembers } from './recordMembers';

/** The latest and, negated, the earliest instant of a Date (ECMA-262). */
const MAX_DATE_MS = 8.64e15;
const NO_BYTES = Buffer.alloc(0);
const ID = Buffer.from('_id');

/** Which elements a copy of a record leaves out. */
const MARK = 1;
const HASH = 2;

/** Inputs of digests up to this size are put together in one buffer, which is used again. */
const SCRATCH_BYTES = 64 * 1024;
const SCRATCH = Buffer.alloc(SCRATCH_BYTES);

/**
 * Reads records in place, one after the other: where their members are, without an object or a text for each element. Its
 * members describe the record that was scanned last. A member named like `_id`, time, hash or mark counts at the top level
 * only; docs/format.md, "Record bytes".
 */
export class RecordScanner {
  /** The bytes that hold the record, at `[start, end)`. */
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;
  /** Type and value of the first `_id`; type 0 when there is none. */
  idType = 0;
  idStart = 0;
  idEnd = 0;
  /** The first member of the time, if it is a date within the range of Date, in milliseconds; otherwise NaN. */
  timeMs = Number.NaN;
  timeMembers = 0;
  /** The text of the last string-typed member of the hash; `hashStart` is -1 when there is none. */
  hashStart = -1;
  hashEnd = -1;
  hashMembers = 0;
  /** Members of the mark: a sealed record has none. */
  markMembers = 0;

  readonly #time: Buffer;
  readonly #hash: Buffer;
  readonly #immutable: Buffer;
  readonly #snapshotId: Buffer;
  /** 1 for the lengths of names that mean something; most names have another one. */
  readonly #lengths = new Uint8Array(256);
  /** Elements of mark and hash, in order: type of the cut, start and end. The first `#cuts` count. */
  readonly #cutKinds: number[] = [];
  readonly #cutBounds: number[] = [];
  #cuts = 0;
  /** Offsets of the values of further members of the time. */
  readonly #times: number[] = [];

  constructor(members: RecordMembers) {
    this.#time = Buffer.from(members.time);
    this.#hash = Buffer.from(members.hash);
    this.#immutable = Buffer.from(members.immutable);
    this.#snapshotId = Buffer.from(members.snapshotId);
    for (const name of [ID, this.#time, this.#hash, this.#immutable, this.#snapshotId])
      this.#lengths[name.length] = 1;
  }

  /** Scans the document at `[start, end)`. EVIDENCE_MALFORMED when these bytes are not a BSON document. */
  scan(bytes: Buffer, start: number, end: number): this {
    checkDocument(bytes, start, end);
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.idType = 0;
    this.timeMs = Number.NaN;
    this.timeMembers = 0;
    this.hashStart = -1;
    this.hashEnd = -1;
    this.hashMembers = 0;
    this.markMembers = 0;
    this.#cuts = 0;
    const last = end - 1;
    let at = start + 4;
    while (at < last) {
      const type = bytes[at]!;
      const nameEnd = endOfName(bytes, at + 1, last);
      const valueEnd = endOfValue(bytes, type, nameEnd + 1, last);
      if (this.#lengths[nameEnd - at - 1] === 1) this.#take(type, at, nameEnd, valueEnd);
      at = valueEnd;
    }
    return this;
  }

  #take(type: number, at: number, nameEnd: number, valueEnd: number): void {
    const valueStart = nameEnd + 1;
    if (this.#isNamed(this.#immutable, at + 1, nameEnd) || this.#isNamed(this.#snapshotId, at + 1, nameEnd)) {
      this.markMembers++;
      this.#cut(MARK, at, valueEnd);
    } else if (this.#isNamed(ID, at + 1, nameEnd)) {
      if (this.idType !== 0) return;
      this.idType = type;
      this.idStart = valueStart;
      this.idEnd = valueEnd;
    } else if (this.#isNamed(this.#time, at + 1, nameEnd)) {
      if (this.timeMembers === 0 && type === BSON_DATE) this.timeMs = this.#dateAt(valueStart);
      this.#times[this.timeMembers++] = type === BSON_DATE ? valueStart : -1;
    } else if (this.#isNamed(this.#hash, at + 1, nameEnd)) {
      this.hashMembers++;
      this.#cut(HASH, at, valueEnd);
      if (type !== BSON_STRING) return;
      this.hashStart = valueStart + 4;
      this.hashEnd = valueEnd - 1;
    }
  }

  #isNamed(name: Buffer, start: number, end: number): boolean {
    if (end - start !== name.length) return false;
    for (let index = 0; index < name.length; index++)
      if (this.bytes[start + index] !== name[index]) return false;
    return true;
  }

  #cut(kind: number, start: number, end: number): void {
    this.#cutKinds[this.#cuts] = kind;
    this.#cutBounds[2 * this.#cuts] = start;
    this.#cutBounds[2 * this.#cuts + 1] = end;
    this.#cuts++;
  }

  #dateAt(at: number): number {
    // Exact within the range of Date, and beyond it wherever the sum is rounded to.
    const ms = this.bytes.readInt32LE(at + 4) * 2 ** 32 + this.bytes.readUInt32LE(at);
    return Math.abs(ms) <= MAX_DATE_MS ? ms : Number.NaN;
  }

  /** Every date-typed member of the time, within the range of Date, in milliseconds, in order. */
  dates(): number[] {
    const dates: number[] = [];
    for (const at of this.#times.slice(0, this.timeMembers)) {
      const ms = at < 0 ? Number.NaN : this.#dateAt(at);
      if (!Number.isNaN(ms)) dates.push(ms);
    }
    return dates;
  }

  /** 24 hex digits of an ObjectId, otherwise `bson:<type>:<value>` in hex; empty without an id. */
  idText(): string {
    if (this.idType === 0) return '';
    const value = this.bytes.toString('hex', this.idStart, this.idEnd);
    if (this.idType === BSON_OBJECT_ID) return value;
    return `bson:${this.idType.toString(16).padStart(2, '0')}:${value}`;
  }

  /** The id as a view of the bytes; undefined without an id. */
  idValue(): BsonValue | undefined {
    if (this.idType === 0) return undefined;
    return { type: this.idType, value: this.bytes.subarray(this.idStart, this.idEnd) };
  }

  /** The record bytes, without any member of the mark: a view when there is none, otherwise a copy. */
  recordBytes(): Buffer {
    const { bytes, start, end } = this;
    if (this.markMembers > 0) return this.#without(MARK);
    return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  }

  /** Writes the Merkle leaf of the record bytes, 32 bytes (RFC 6962, section 2.1), at an offset of `target`. */
  writeLeafHash(target: Buffer, at: number): void {
    writeSha256(this.#leafInput(), target, at);
  }

  #leafInput(): Buffer {
    const { bytes, start, end } = this;
    // The leaf begins with a zero byte, and so does every record that follows another one: its terminator.
    if (this.markMembers === 0 && start > 0 && bytes[start - 1] === 0) return bytes.subarray(start - 1, end);
    const record = this.recordBytes();
    const input = scratch(record.length + 1);
    input[0] = 0;
    record.copy(input, 1);
    return input;
  }

  /** The record hash (scheme `bson-sha256/v1`) in hex: SHA-256 of the record bytes without any member of the hash. */
  recordHash(): string {
    return sha256Hex(this.#without(MARK | HASH, scratch(this.end - this.start)));
  }

  /** True when the member of the hash holds exactly {@link recordHash}. */
  hasOwnHash(): boolean {
    return (
      this.hashEnd - this.hashStart === 64 &&
      this.bytes.toString('latin1', this.hashStart, this.hashEnd) === this.recordHash()
    );
  }

  /** The document without these elements, in a new buffer or at the beginning of `target`. */
  #without(kinds: number, target: Buffer = Buffer.allocUnsafe(this.end - this.start)): Buffer {
    const { bytes } = this;
    let from = this.start;
    let to = 0;
    for (let cut = 0; cut < this.#cuts; cut++) {
      if ((this.#cutKinds[cut]! & kinds) === 0) continue;
      to += bytes.copy(target, to, from, this.#cutBounds[2 * cut]);
      from = this.#cutBounds[2 * cut + 1]!;
    }
    to += copyEnd(bytes, from, this.end, target, to);
    target.writeInt32LE(to, 0);
    return target.subarray(0, to);
  }
}

/** A hash is usually the last member, so that only the terminator is left: a loop is faster than a call then. */
function copyEnd(bytes: Buffer, from: number, end: number, target: Buffer, to: number): number {
  if (end - from > 16) return bytes.copy(target, to, from, end);
  for (let index = 0; index < end - from; index++) target[to + index] = bytes[from + index]!;
  return end - from;
}

/** A buffer of exactly this size, to be used before the next call. */
function scratch(size: number): Buffer {
  return size <= SCRATCH_BYTES ? SCRATCH.subarray(0, size) : Buffer.allocUnsafe(size);
}
