import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { SnapshotError } from '../errors';
import { AUDIT_LOG, type RecordMembers } from '../evidence/recordMembers';
import { sha256Hex } from '../tlog/sha256';

const { BSON, ObjectId } = mongo;

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
}

/** The action that sealing itself logs, and its actor. */
export const SNAPSHOT_CREATED = 'snapshot.created';
export const SYSTEM_ACTOR_ID = '000000000000000000000001';

/** Builds the record of an entry with its record hash (`bson-sha256/v1`). PAYLOAD_INVALID for what BSON cannot hold. */
export function buildEntry(
  entry: AuditEntry,
  id = new ObjectId(),
  { time, hash: hashMember, immutable }: RecordMembers = AUDIT_LOG.members,
): BuiltEntry {
  const { resourceType, resourceId, action, actorId, details, timestamp = new Date() } = entry;
  for (const [name, value] of Object.entries({ resourceType, resourceId, action, actorId })) {
    if (typeof value !== 'string' || value === '') throw invalid(`${name} is not a non-empty string`);
  }
  if (!(timestamp instanceof Date) || Number.isNaN(timestamp.getTime()))
    throw invalid('timestamp is not a date');
  const given = details === undefined ? {} : { details };
  const named = { _id: id, resourceType, resourceId, action, actorId, ...given, [time]: timestamp };
  const bytes = serialize(named);
  // Without promotion every value keeps its BSON type, so the driver serialises it to the same bytes again.
  const members = BSON.deserialize(bytes, {
    promoteValues: false,
    promoteBuffers: false,
    promoteLongs: false,
  });
  if (!serialize(members).equals(bytes)) throw invalid('details change when they are stored as BSON');
  const hash = sha256Hex(bytes);
  return { id, hash, document: { ...members, [hashMember]: hash, [immutable]: false } };
}

/** An id that derives from action and resource, so that writing the entry again is a duplicate. */
export function entryIdOnce(action: string, resourceId: string): mongo.ObjectId {
  const digest = createHash('sha256').update(`${action}\n${resourceId}`).digest();
  return new ObjectId(digest.subarray(0, 12));
}

function serialize(members: mongo.Document): Buffer {
  try {
    return Buffer.from(BSON.serialize(members, { ignoreUndefined: true }));
  } catch (cause) {
    throw invalid('details cannot be stored as BSON', cause);
  }
}

function invalid(what: string, cause?: unknown): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', `audit entry: ${what}`, { cause });
}
