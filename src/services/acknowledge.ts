import { mongo, type Connection } from 'mongoose';
import { SnapshotError } from '../errors';
import { acknowledgementEntry, acknowledgementId, type Acknowledgement } from '../evidence/acknowledgement';
import {
  leftOutAcknowledgementEntry,
  leftOutAcknowledgementId,
  type LeftOutAcknowledgement,
} from '../evidence/leftOutAcknowledgement';
import type { RecordSourceNames } from '../evidence/recordMembers';
import { auditLogModel } from '../models/auditLog.model';
import { isDuplicateKey, toDatabaseError } from '../mongo/errors';
import { buildEntry, type AuditEntry } from './auditEntry';

/**
 * Writes the audit record that acknowledges findings into the log, so that the next snapshot seals it; returns its id. Its
 * id derives from what it acknowledges: SNAPSHOT_CONFLICT when the log has a record with this id. PAYLOAD_INVALID,
 * DATABASE_*.
 */
export function acknowledgeFinding(
  connection: Connection,
  source: RecordSourceNames,
  given: Acknowledgement,
): Promise<string> {
  const id = acknowledgementId(given.snapshotId, given.recordId);
  return insertOnce(connection, source, id, acknowledgementEntry(given));
}

/** Writes the audit record that acknowledges a record that sealing leaves out, under the same rules; returns its id. */
export function acknowledgeLeftOut(
  connection: Connection,
  source: RecordSourceNames,
  given: LeftOutAcknowledgement,
): Promise<string> {
  return insertOnce(connection, source, leftOutAcknowledgementId(given), leftOutAcknowledgementEntry(given));
}

async function insertOnce(
  connection: Connection,
  source: RecordSourceNames,
  id: string,
  entry: AuditEntry,
): Promise<string> {
  const { document } = buildEntry(entry, new mongo.ObjectId(id), source.members);
  try {
    await auditLogModel(connection, source).collection.insertOne(document);
    return id;
  } catch (error) {
    if (!isDuplicateKey(error)) throw toDatabaseError(`audit entry ${entry.action}`, error);
    const message = `the log has a record with the id of this acknowledgement already, and it does not acknowledge ${entry.resourceId}: find out who wrote it [record=${id}]`;
    throw new SnapshotError('SNAPSHOT_CONFLICT', message);
  }
}
