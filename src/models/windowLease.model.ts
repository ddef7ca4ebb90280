import { Schema, type Connection, type Model } from 'mongoose';
import type { Lease } from '../ports/windowLeaseStore';

/** All leases of one origin, `_id`; every change is a compare-and-set on `version`. */
export interface LeaseBookDocument {
  _id: string;
  version: number;
  /** How often a lease was granted or ended. */
  sequence: number;
  leases: readonly Lease[];
}

const schema = new Schema<LeaseBookDocument>(
  {
    _id: { type: String, required: true },
    version: { type: Number, required: true },
    sequence: { type: Number, required: true },
    leases: { type: Schema.Types.Mixed, required: true },
  },
  { collection: 'windowleases', versionKey: false, minimize: false, strict: 'throw' },
);

export function windowLeaseModel(connection: Connection): Model<LeaseBookDocument> {
  return connection.models['WindowLease'] ?? connection.model<LeaseBookDocument>('WindowLease', schema);
}
