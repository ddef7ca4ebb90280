import { Schema, type Connection, type Model } from 'mongoose';

/** A submission that must happen once. `_id` is the hash of caller and key, so uniqueness needs no further index. */
export interface IIdempotencyKey {
  readonly _id: string;
  /** Hex SHA-256 of the request. */
  readonly fingerprint: string;
  /** Decided before anything else: any request that takes the submission over creates this job and no other. */
  readonly jobId: string;
  /** When the claim was made, in milliseconds; a stale claim may be taken over. */
  readonly claimedAtMs: number;
  /** The response as JSON; null until there is one. */
  readonly answer: string | null;
  readonly expiresAt: Date;
}

const schema = new Schema<IIdempotencyKey>(
  {
    _id: { type: String, required: true },
    fingerprint: { type: String, required: true },
    jobId: { type: String, required: true },
    claimedAtMs: { type: Number, required: true },
    answer: { type: String, default: null },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'idempotencykeys', versionKey: false, strict: 'throw' },
);
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** The model on a connection; the same one at every call. */
export function idempotencyKeyModel(connection: Connection): Model<IIdempotencyKey> {
  return connection.models['IdempotencyKey'] ?? connection.model<IIdempotencyKey>('IdempotencyKey', schema);
}
