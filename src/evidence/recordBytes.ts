import { sha256Hex } from '../tlog/sha256';
import { BSON_DATE, BSON_OBJECT_ID, BSON_STRING, bsonElements, type BsonElement } from './bsonElements';
import { AUDIT_LOG, type RecordMembers } from './recordMembers';

/** The latest and, negated, the earliest instant of a Date (ECMA-262). */
const MAX_DATE_MS = 8.64e15;

/** A record in evidence; docs/format.md, "Record bytes". */
export interface RecordView {
  /** The document as stored, without the sealing members: the given bytes themselves when it has none. */
  readonly bytes: Buffer;
  /** 24 hex digits of an ObjectId, otherwise `bson:<type>:<value>` in hex. */
  readonly id: string;
  /** The first top-level member of the time, if it is a date within the range of Date, in milliseconds. */
  readonly timeMs: number | undefined;
  /** How many top-level members have the name of the time, of any type. */
  readonly timeMembers: number;
  /** Every date-typed top-level member of the time, within the range of Date, in milliseconds, in order. */
  readonly timestamps: readonly number[];
  /** Bytes of the last string-typed top-level member of the hash; undefined when there is none. */
  readonly hashText: Buffer | undefined;
  /** How many top-level members have the name of the hash, of any type. */
  readonly hashMembers: number;
}

/** Reads a record, live or sealed, in one walk. EVIDENCE_MALFORMED when its bytes are not a BSON document. */
export function readRecord(document: Uint8Array, members: RecordMembers = AUDIT_LOG.members): RecordView {
  const source = asBuffer(document);
  const cuts: BsonElement[] = [];
  const timestamps: number[] = [];
  let id = '';
  let timeMs: number | undefined;
  let timeMembers = 0;
  let hashText: Buffer | undefined;
  let hashMembers = 0;
  for (const element of bsonElements(source)) {
    const { name, type, valueStart, end } = element;
    if (isMark(name, members)) cuts.push(element);
    else if (name === '_id' && id === '') id = idText(type, source.subarray(valueStart, end));
    else if (name === members.time) {
      const ms = type === BSON_DATE ? readDate(source, valueStart) : undefined;
      if (ms !== undefined) timestamps.push(ms);
      if (timeMembers === 0) timeMs = ms;
      timeMembers++;
    } else if (name === members.hash) {
      hashMembers++;
      if (type === BSON_STRING) hashText = Buffer.from(source.subarray(valueStart + 4, end - 1));
    }
  }
  const bytes = without(source, cuts);
  return { bytes, id, timeMs, timeMembers, timestamps, hashText, hashMembers };
}

function readDate(source: Buffer, at: number): number | undefined {
  const ms = Number(source.readBigInt64LE(at));
  return Math.abs(ms) <= MAX_DATE_MS ? ms : undefined;
}

/** The record bytes of a live record: without any top-level member of the mark. Idempotent. */
export function cutRecord(document: Uint8Array, members: RecordMembers = AUDIT_LOG.members): Buffer {
  const source = asBuffer(document);
  const cuts = [...bsonElements(source)].filter(({ name }) => isMark(name, members));
  return without(source, cuts);
}

/** Record hash (scheme `bson-sha256/v1`) of record bytes: hex SHA-256 without the top-level members of the hash. */
export function recordHash(record: Uint8Array, members: RecordMembers = AUDIT_LOG.members): string {
  const source = asBuffer(record);
  const cuts = [...bsonElements(source)].filter(({ name }) => name === members.hash);
  return sha256Hex(without(source, cuts));
}

/** Sealing itself writes the mark. Without it a record has the same bytes before and after it is marked. */
function isMark(name: string, { immutable, snapshotId }: RecordMembers): boolean {
  return name === immutable || name === snapshotId;
}

/** A copy of the document without these elements; the document itself when there are none. */
function without(source: Buffer, cuts: readonly BsonElement[]): Buffer {
  if (cuts.length === 0) return source;
  const removed = cuts.reduce((sum, { start, end }) => sum + end - start, 0);
  const copy = Buffer.allocUnsafe(source.length - removed);
  let from = 0;
  let to = 0;
  for (const { start, end } of cuts) {
    to += source.copy(copy, to, from, start);
    from = end;
  }
  source.copy(copy, to, from);
  copy.writeInt32LE(copy.length, 0);
  return copy;
}

function idText(type: number, value: Buffer): string {
  if (type === BSON_OBJECT_ID) return value.toString('hex');
  return `bson:${type.toString(16).padStart(2, '0')}:${value.toString('hex')}`;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
