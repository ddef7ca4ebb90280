import { AUDIT_LOG, type RecordMembers } from './recordMembers';
import { RecordScanner } from './recordScanner';

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
  const scanner = scan(document, members);
  const { bytes, timeMs, timeMembers, hashStart, hashEnd, hashMembers } = scanner;
  return {
    bytes: scanner.recordBytes(),
    id: scanner.idText(),
    timeMs: Number.isNaN(timeMs) ? undefined : timeMs,
    timeMembers,
    timestamps: scanner.dates(),
    hashText: hashStart < 0 ? undefined : Buffer.from(bytes.subarray(hashStart, hashEnd)),
    hashMembers,
  };
}

/** The record bytes of a live record: without any top-level member of the mark. Idempotent. */
export function cutRecord(document: Uint8Array, members: RecordMembers = AUDIT_LOG.members): Buffer {
  return scan(document, members).recordBytes();
}

/** Record hash (scheme `bson-sha256/v1`): hex SHA-256 of the record bytes without the top-level members of the hash. */
export function recordHash(record: Uint8Array, members: RecordMembers = AUDIT_LOG.members): string {
  return scan(record, members).recordHash();
}

const SCANNERS = new WeakMap<RecordMembers, RecordScanner>();

function scan(document: Uint8Array, members: RecordMembers): RecordScanner {
  const scanner = SCANNERS.get(members) ?? new RecordScanner(members);
  SCANNERS.set(members, scanner);
  const bytes = asBuffer(document);
  return scanner.scan(bytes, 0, bytes.length);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
