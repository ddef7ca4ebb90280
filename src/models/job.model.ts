import { Schema, type Connection, type Model } from 'mongoose';
import { JOB_STATUSES, type JobStatus } from '../contract/jobStatus';
import type { AuditSnapshotResult } from '../contract/snapshot';

/** A job. `_id` is the job id: 24 hex digits, unless the caller who started the run chose another. */
export interface IJob {
  readonly _id: string;
  readonly type: string;
  readonly payload: { readonly from: string; readonly to: string };
  readonly status: JobStatus;
  readonly result: AuditSnapshotResult | null;
  readonly error: { readonly code: string; readonly reason: string } | null;
  /** When the run that last wrote this row requested it, in milliseconds. */
  readonly asOfMs?: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const schema = new Schema<IJob>(
  {
    _id: { type: String, required: true },
    // `type` is a keyword of mongoose schemas, so it needs the long form.
    type: { type: String, required: true },
    payload: { type: Schema.Types.Mixed, required: true },
    status: { type: String, enum: JOB_STATUSES, required: true },
    result: { type: Schema.Types.Mixed, default: null },
    error: { type: Schema.Types.Mixed, default: null },
    asOfMs: { type: Number },
  },
  { collection: 'jobs', versionKey: false, minimize: false, strict: 'throw', timestamps: true },
);

// For pages of the list, newest first, with or without a status.
schema.index({ createdAt: -1, _id: -1 });
schema.index({ status: 1, createdAt: -1, _id: -1 });

/** The model on a connection; the same one at every call. */
export function jobModel(connection: Connection): Model<IJob> {
  return connection.models['Job'] ?? connection.model<IJob>('Job', schema);
}
