import { Schema, type Connection, type Model, type Types } from 'mongoose';
import { guardConnection, guardImmutability } from './immutability';

// This room is the mongoose schemas, one collection a file, and the guard that keeps sealed records unchanged
// (immutability.ts). Indexes are declared here, and src/mongo/indexes.ts creates them.

/** An entry of the audit log. Applications may store further members; those are sealed unchanged. */
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

const schema = new Schema<IAuditLog>(
  {
    resourceType: { type: String, required: true },
    resourceId: { type: String, required: true },
    action: { type: String, required: true },
    actorId: { type: String, required: true },
    details: Schema.Types.Mixed,
    timestamp: { type: Date, required: true },
    hash: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
    immutable: { type: Boolean, required: true, default: false },
    snapshotId: String,
  },
  // A version key or a removed empty object would change the bytes that were logged.
  { collection: 'auditlogs', strict: false, versionKey: false, minimize: false },
);

// Equality, then the sort order of the cursor: it serves both queries of a page, and marking removes a record from the range.
schema.index({ immutable: 1, timestamp: 1, _id: 1 });
guardImmutability(schema);

/** The model on a connection; the same one at every call. */
export function auditLogModel(connection: Connection): Model<IAuditLog> {
  const known = connection.models['AuditLog'];
  if (known) return known;
  const model = connection.model<IAuditLog>('AuditLog', schema);
  guardConnection(connection, model as unknown as Model<unknown>);
  return model;
}
