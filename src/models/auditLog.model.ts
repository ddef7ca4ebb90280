import { Schema, type Connection, type Model, type Types } from 'mongoose';
import { AUDIT_LOG, type RecordSourceNames } from '../evidence/recordMembers';
import { guardConnection, guardImmutability } from './immutability';

// This room is the mongoose schemas, one collection a file, and the guard that keeps sealed records unchanged
// (immutability.ts). Indexes are declared here, and src/mongo/indexes.ts creates them.

/** An entry of the audit log, under the default names of the members. Applications may store further members; those are sealed unchanged. */
export interface IAuditLog {
  readonly _id: Types.ObjectId;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly action: string;
  readonly actorId: string;
  readonly details?: unknown;
  readonly timestamp: Date;
  /** Lowercase hex SHA-256 of the record bytes without this member. */
  readonly hash: string;
  /** True once the record is in a sealed snapshot. */
  readonly immutable: boolean;
  readonly snapshotId?: string;
}

function schemaOf({ collection, members }: RecordSourceNames): Schema<IAuditLog> {
  const { time, hash, immutable, snapshotId } = members;
  const schema = new Schema<IAuditLog>(
    {
      resourceType: { type: String, required: true },
      resourceId: { type: String, required: true },
      action: { type: String, required: true },
      actorId: { type: String, required: true },
      details: Schema.Types.Mixed,
      [time]: { type: Date, required: true },
      [hash]: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
      [immutable]: { type: Boolean, required: true, default: false },
      [snapshotId]: String,
    },
    // A version key or a removed empty object would change the bytes that were logged.
    { collection, strict: false, versionKey: false, minimize: false, suppressReservedKeysWarning: true },
  );
  // Equality, then the sort order of the cursor: it serves both queries of a page, and marking removes a record from the range.
  schema.index({ [immutable]: 1, [time]: 1, _id: 1 });
  guardImmutability(schema, members);
  return schema;
}

/** The model of a log on a connection; the same one at every call with the same names. */
export function auditLogModel(
  connection: Connection,
  source: RecordSourceNames = AUDIT_LOG,
): Model<IAuditLog> {
  const { members } = source;
  const isDefault = namesOf(source) === namesOf(AUDIT_LOG);
  const name = isDefault ? 'AuditLog' : `AuditLog ${namesOf(source)}`;
  const known = connection.models[name];
  if (known) return known;
  const model = connection.model<IAuditLog>(name, schemaOf(source));
  guardConnection(connection, model as unknown as Model<unknown>, members);
  return model;
}

function namesOf({ collection, members }: RecordSourceNames): string {
  return [collection, members.time, members.hash, members.immutable, members.snapshotId].join(' ');
}
