import { Schema, type Connection, type Model } from 'mongoose';
import { JOB_STATUSES } from '../contract/jobStatus';
import type { Job } from '../ports/jobStore';

export type IJob = Job;

const schema = new Schema<IJob>(
  {
    _id: { type: String, required: true },
    // `type` is mongoose's own word in a schema, so it is spelled out here.
    type: { type: String, required: true },
    payload: { type: Schema.Types.Mixed, required: true },
    status: { type: String, enum: JOB_STATUSES, required: true },
    result: { type: Schema.Types.Mixed, default: null },
    error: { type: Schema.Types.Mixed, default: null },
    asOfMs: { type: Number },
  },
  { collection: 'jobs', versionKey: false, minimize: false, strict: 'throw', timestamps: true },
);

// Pages of the list, newest first, with or without a status.
schema.index({ createdAt: -1, _id: -1 });
schema.index({ status: 1, createdAt: -1, _id: -1 });

export function jobModel(connection: Connection): Model<IJob> {
  return connection.models['Job'] ?? connection.model<IJob>('Job', schema);
}
