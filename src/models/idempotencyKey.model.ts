import { Schema, type Connection, type Model } from 'mongoose';

/** A submission that must happen once; `_id` is the hash of caller and key, so its uniqueness needs no other index. */
export interface IIdempotencyKey {
  readonly _id: string;
  /** Hex SHA-256 of what was asked for. */
  readonly fingerprint: string;
  /** Decided here, in front of everything else: whoever goes on with the submission makes this job and no other. */
  readonly jobId: string;
  /** Who has it in hand since when, in milliseconds; after a while somebody else may go on. */
  readonly claimedAtMs: number;
  /** The answer as JSON; null until it is given. */
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

export function idempotencyKeyModel(connection: Connection): Model<IIdempotencyKey> {
  return connection.models['IdempotencyKey'] ?? connection.model<IIdempotencyKey>('IdempotencyKey', schema);
}
