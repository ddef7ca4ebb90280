import { Schema, type Connection, type Model } from 'mongoose';
import type { Lease } from '../ports/windowLeaseStore';

/** All leases of one origin; `_id` is the origin. Every change is a compare-and-set on `version`. */
export interface OriginLeasesDocument {
  _id: string;
  version: number;
  /** Counts how often a lease was granted or ended. */
  sequence: number;
  leases: readonly Lease[];
}

const schema = new Schema<OriginLeasesDocument>(
  {
    _id: { type: String, required: true },
    version: { type: Number, required: true },
    sequence: { type: Number, required: true },
    leases: { type: Schema.Types.Mixed, required: true },
  },
  { collection: 'windowleases', versionKey: false, minimize: false, strict: 'throw' },
);

/** The model on a connection; the same one at every call. */
export function windowLeaseModel(connection: Connection): Model<OriginLeasesDocument> {
  return connection.models['WindowLease'] ?? connection.model<OriginLeasesDocument>('WindowLease', schema);
}
