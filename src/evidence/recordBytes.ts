import { sha256Hex } from '../tlog/sha256';
import { BSON_DATE, BSON_OBJECT_ID, BSON_STRING, bsonElements, type BsonElement } from './bsonElements';

/** Members that sealing itself writes. Without them a record has the same bytes before and after it is marked. */
const SEALING_MEMBERS: ReadonlySet<string> = new Set(['immutable', 'snapshotId']);

/** The latest and, negated, the earliest instant of a Date (ECMA-262). */
const MAX_DATE_MS = 8.64e15;

/** A record in evidence; docs/format.md, "Record bytes". */
export interface RecordView {
  /** The document as stored, without the sealing members: the given bytes themselves when it has none. */
  readonly bytes: Buffer;
  /** 24 hex digits of an ObjectId, otherwise `bson:<type>:<value>` in hex. */
  readonly id: string;
  /** Every date-typed top-level `timestamp` within the range of Date, in milliseconds, in order. */
  readonly timestamps: readonly number[];
  /** Bytes of the last string-typed top-level `hash`; undefined when there is none. */
  readonly hashText: Buffer | undefined;
  /** How many top-level members are named `hash`, of any type. */
  readonly hashMembers: number;
}

/** Reads a record, live or sealed, in one walk. EVIDENCE_MALFORMED when its bytes are not a BSON document. */
export function readRecord(document: Uint8Array): RecordView {
  const source = asBuffer(document);
  const cuts: BsonElement[] = [];
  const timestamps: number[] = [];
  let id = '';
  let hashText: Buffer | undefined;
  let hashMembers = 0;
  for (const element of bsonElements(source)) {
    const { name, type, valueStart, end } = element;
    if (SEALING_MEMBERS.has(name)) cuts.push(element);
    else if (name === '_id' && id === '') id = idText(type, source.subarray(valueStart, end));
    else if (name === 'timestamp' && type === BSON_DATE) {
      const ms = Number(source.readBigInt64LE(valueStart));
      if (Math.abs(ms) <= MAX_DATE_MS) timestamps.push(ms);
    } else if (name === 'hash') {
      hashMembers++;
      if (type === BSON_STRING) hashText = Buffer.from(source.subarray(valueStart + 4, end - 1));
    }
  }
  return { bytes: without(source, cuts), id, timestamps, hashText, hashMembers };
}

/** The record bytes of a live record: without any top-level `immutable` and `snapshotId`. Idempotent. */
export function cutRecord(document: Uint8Array): Buffer {
  const source = asBuffer(document);
  const cuts = [...bsonElements(source)].filter(({ name }) => SEALING_MEMBERS.has(name));
  return without(source, cuts);
}

/** Record hash (scheme `bson-sha256/v1`) of record bytes: hex SHA-256 without the top-level members `hash`. */
export function recordHash(record: Uint8Array): string {
  const source = asBuffer(record);
  const cuts = [...bsonElements(source)].filter(({ name }) => name === 'hash');
  return sha256Hex(without(source, cuts));
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
