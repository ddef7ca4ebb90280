import { Schema, type Connection, type Model } from 'mongoose';
import { JOB_STATUSES } from '../contract/jobStatus';
import type { Job } from '../ports/jobStore';

/** A job row: the shape is that of the port. */
export type IJob = Job;

const schema = new Schema<IJob>(
  {
    _id: { type: String, required: true },
    // `type` is a keyword of mongoose schemas, so it needs the long form.
    type: { type: String, required: true },
    payload: { type: Schema.Types.Mixed, required: true },
    status: { type: String, enum: JOB_STATUSES, required: true },
    result: { type: Schema.Types.Mixed, default: null },
    error: { type: Schema.Types.Mixed, default: null },
    submittedBy: { type: String },
    tenant: { type: String },
    actions: { type: Schema.Types.Mixed },
    asOfMs: { type: Number },
  },
  { collection: 'jobs', versionKey: false, minimize: false, strict: 'throw', timestamps: true },
);

// For pages of the list, newest first, with or without a status.
schema.index({ createdAt: -1, _id: -1 });
schema.index({ status: 1, createdAt: -1, _id: -1 });

// The same for callers that see only their own jobs, or those of their tenant.
schema.index({ submittedBy: 1, createdAt: -1, _id: -1 });
schema.index({ tenant: 1, createdAt: -1, _id: -1 });

/** The model on a connection; the same one at every call. */
export function jobModel(connection: Connection): Model<IJob> {
  return connection.models['Job'] ?? connection.model<IJob>('Job', schema);
}
