import { Schema, type Connection, type Model, type Types } from 'mongoose';
import { guardConnection, guardImmutability } from './immutability';

/** An entry of the audit log. Other applications may store further members; they are sealed as they are. */
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
  // A version key or an emptied object would be bytes that nobody logged.
  { collection: 'auditlogs', strict: false, versionKey: false, minimize: false },
);

// The cursor's own order: equality, then the sort. It serves both halves of a page, and marking takes a record out of it.
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
