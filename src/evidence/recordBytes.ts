import { bsonElements, type BsonElement } from './bsonElements';
import { sha256Hex } from '../tlog/sha256';

/** Members that sealing itself writes: cut out, so that a record has the same bytes before and after marking. */
const SEALING_MEMBERS: ReadonlySet<string> = new Set(['immutable', 'snapshotId']);

/** A record as evidence sees it; docs/format.md, "Record bytes". */
export interface RecordView {
  /** The document as stored, without the sealing members; the given bytes themselves when it has none. */
  readonly bytes: Buffer;
  /** 24 hex digits of an ObjectId, otherwise `bson:<type>:<value>` in hex. */
  readonly id: string;
  /** Every date-typed top-level `timestamp` within the range of Date, in milliseconds, in order. */
  readonly timestamps: readonly number[];
  /** Bytes of the last string-typed top-level `hash`; undefined when there is none. */
  readonly hashText: Buffer | undefined;
  /** How many top-level members `hash` there are, of whatever type. */
  readonly hashMembers: number;
}

/** Reads a record, live or sealed, in one walk. Broken BSON framing: EVIDENCE_MALFORMED. */
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
    else if (name === 'timestamp' && type === 0x09) {
      const ms = Number(source.readBigInt64LE(valueStart));
      if (Math.abs(ms) <= 8.64e15) timestamps.push(ms);
    } else if (name === 'hash') {
      hashMembers++;
      if (type === 0x02) hashText = Buffer.from(source.subarray(valueStart + 4, end - 1));
    }
  }
  return { bytes: cut(source, cuts), id, timestamps, hashText, hashMembers };
}

/** Record bytes of a live record: every top-level `immutable` and `snapshotId` cut out. Idempotent. */
export function cutRecord(document: Uint8Array): Buffer {
  const source = asBuffer(document);
  return cut(
    source,
    [...bsonElements(source)].filter(({ name }) => SEALING_MEMBERS.has(name)),
  );
}

/** Record hash (scheme `bson-sha256/v1`) of record bytes: hex SHA-256 without the top-level members `hash`. */
export function recordHash(record: Uint8Array): string {
  const source = asBuffer(record);
  return sha256Hex(
    cut(
      source,
      [...bsonElements(source)].filter(({ name }) => name === 'hash'),
    ),
  );
}

function cut(source: Buffer, cuts: readonly BsonElement[]): Buffer {
  if (cuts.length === 0) return source;
  const removed = cuts.reduce((sum, { start, end }) => sum + end - start, 0);
  const kept = Buffer.allocUnsafe(source.length - removed);
  let from = 0;
  let to = 0;
  for (const { start, end } of cuts) {
    to += source.copy(kept, to, from, start);
    from = end;
  }
  source.copy(kept, to, from);
  kept.writeInt32LE(kept.length, 0);
  return kept;
}

function idText(type: number, value: Buffer): string {
  if (type === 0x07) return value.toString('hex');
  return `bson:${type.toString(16).padStart(2, '0')}:${value.toString('hex')}`;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
