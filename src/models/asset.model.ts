import { Schema, type Connection, type Model, type Types } from 'mongoose';
import type { AssetRegistration } from '../ports/assetRegistry';

/** A registered asset: the stored objects of one snapshot. */
export type IAsset = AssetRegistration & {
  readonly _id: Types.ObjectId;
  readonly kind: 'audit_snapshot';
  readonly createdAt: Date;
};

const schema = new Schema<IAsset>(
  {
    kind: { type: String, required: true },
    snapshotId: { type: String, required: true },
    objects: { type: Schema.Types.Mixed, required: true },
    signedHash: { type: String, required: true },
    retainUntil: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: 'assets', versionKey: false, minimize: false, strict: 'throw' },
);
schema.index({ snapshotId: 1 }, { unique: true });

/** The model on a connection; the same one at every call. */
export function assetModel(connection: Connection): Model<IAsset> {
  return connection.models['Asset'] ?? connection.model<IAsset>('Asset', schema);
}
