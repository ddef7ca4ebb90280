import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { messageOf } from '../errors';
import { readRecord } from '../evidence/recordBytes';
import { AUDIT_LOG, type RecordMembers } from '../evidence/recordMembers';
import { sha256Hex } from '../tlog/sha256';
import { exactDate, exactName, exactValue, memberPath, refused } from './exactBson';

const { BSON, BSONRegExp, ObjectId, Timestamp } = mongo;

/** What an application logs. `timestamp` defaults to the current time. */
export interface AuditEntry {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly action: string;
  readonly actorId: string;
  readonly details?: unknown;
  readonly timestamp?: Date;
}

/** A record ready to be inserted. */
export interface BuiltEntry {
  readonly id: mongo.ObjectId;
  readonly hash: string;
  /** Serialises to exactly the bytes that were hashed, even if the entry is changed afterwards. */
  readonly document: mongo.Document;
  /** Of the record in BSON, at most. */
  readonly sizeBytes: number;
}

/** A record of any members, ready to be inserted. */
export interface BuiltRecord {
  /** 24 hex digits of an ObjectId, otherwise `bson:<type>:<value>` in hex. */
  readonly id: string;
  readonly hash: string;
  readonly document: Map<string, unknown>;
  /** Of the record in BSON, at most. */
  readonly sizeBytes: number;
}

/** A server stores no larger document. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** Room for the members that sealing adds, so that no record is written that cannot be marked. */
const MARK_BYTES = 1024;
const MAX_SIZE_BYTES = MAX_DOCUMENT_BYTES - MARK_BYTES;
/** The member of the hash with its name, and `immutable`. */
const HASH_BYTES = 256;

/** The action that sealing itself logs, and its actor. */
export const SNAPSHOT_CREATED = 'snapshot.created';
export const SYSTEM_ACTOR_ID = '000000000000000000000001';

/**
 * Builds the record of an entry with its record hash (`bson-sha256/v1`). PAYLOAD_INVALID, with the path of the value, for
 * what BSON cannot hold without changing it.
 */
export function buildEntry(
  entry: AuditEntry,
  id = new ObjectId(),
  names: RecordMembers = AUDIT_LOG.members,
): BuiltEntry {
  const { resourceType, resourceId, action, actorId, details, timestamp = new Date() } = entry;
  for (const [name, value] of Object.entries({ resourceType, resourceId, action, actorId })) {
    if (typeof value !== 'string' || value === '') throw refused(name, 'is not a non-empty string');
  }
  const given = details === undefined ? {} : { details };
  const members = { _id: id, resourceType, resourceId, action, actorId, ...given, [names.time]: timestamp };
  const { hash, document, sizeBytes } = buildRecord(Object.entries(members), names);
  // Its names are known here, so a plain object keeps their order and means nothing else to the driver.
  return { id, hash, document: Object.fromEntries(document), sizeBytes };
}

/**
 * Builds a record of any top-level members; the date of the record is one of them. `_id` comes first, and is created if there
 * is none. PAYLOAD_INVALID, with the path of the value.
 */
export function buildRecord(
  entries: readonly (readonly [string, unknown])[],
  { time, hash: hashMember, immutable, snapshotId }: RecordMembers = AUDIT_LOG.members,
): BuiltRecord {
  const given = new Map(entries);
  for (const name of [hashMember, immutable, snapshotId])
    if (given.has(name)) throw refused(name, 'is a member that only the writer and sealing set');
  const document = new Map<string, unknown>([['_id', exactId(given.get('_id') ?? new ObjectId())]]);
  for (const [name, value] of given) {
    if (name === '_id') continue;
    document.set(exactName(name, ''), exactMember(name, value, time));
  }
  if (!document.has(time)) throw refused(time, 'is missing');

  const bytes = serialize(document);
  const hash = sha256Hex(bytes);
  document.set(hashMember, hash).set(immutable, false);
  const sizeBytes = bytes.length + HASH_BYTES;
  if (sizeBytes > MAX_SIZE_BYTES)
    throw refused(
      '',
      `has ${sizeBytes} bytes; a record that can be marked as sealed has at most ${MAX_SIZE_BYTES}`,
    );
  return { id: readRecord(bytes).id, hash, document, sizeBytes };
}

function exactMember(name: string, value: unknown, time: string): unknown {
  const path = memberPath('', name);
  if (name === time) {
    if (value instanceof Date) return exactDate(value, path);
    throw refused(path, 'is not a date');
  }
  const exact = exactValue(value, path);
  if (exact instanceof Timestamp && exact.isZero())
    throw refused(path, 'is a zero BSON timestamp, which the server replaces by its own time');
  return exact;
}

/** The server accepts no array and no regular expression as an id. */
function exactId(value: unknown): unknown {
  const exact = exactValue(value, '_id');
  if (Array.isArray(exact) || exact instanceof BSONRegExp)
    throw refused('_id', 'is of a type that no id can have');
  return exact;
}

/** An id that derives from action and resource, so that writing the entry again is a duplicate. */
export function entryIdOnce(action: string, resourceId: string): mongo.ObjectId {
  const digest = createHash('sha256').update(`${action}\n${resourceId}`).digest();
  return new ObjectId(digest.subarray(0, 12));
}

function serialize(document: ReadonlyMap<string, unknown>): Buffer {
  try {
    return Buffer.from(BSON.serialize(document as unknown as mongo.Document));
  } catch (cause) {
    throw refused('', `cannot be stored as BSON: ${messageOf(cause)}`, cause);
  }
}
