import type { Connection, Model } from 'mongoose';
import { SnapshotError } from '../errors';
import { idempotencyKeyModel, type IIdempotencyKey } from '../models/idempotencyKey.model';
import type { ClaimOutcome, IdempotencyKeys, SubmissionClaim } from '../ports/idempotencyKeys';
import { isDuplicateKey, onDatabase, toDatabaseError } from './errors';

/** A claimant that has not answered by then counts as dead; one that was only slow creates the same job. */
const CLAIM_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A row may expire between insert and read; that does not happen several times in a row. */
const MAX_TRIES = 4;

/** The keys of submissions in MongoDB. Exactly one of many inserts wins; nothing here is an upsert. */
export class MongoIdempotencyKeys implements IdempotencyKeys {
  readonly #keys: Model<IIdempotencyKey>;
  readonly #keepMs: number;

  constructor(connection: Connection, keepHours: number) {
    this.#keys = idempotencyKeyModel(connection);
    this.#keepMs = keepHours * HOUR_MS;
  }

  async claim({ id, fingerprint, jobId }: SubmissionClaim, nowMs: number): Promise<ClaimOutcome> {
    const expiresAt = new Date(nowMs + this.#keepMs);
    const row = { _id: id, fingerprint, jobId, claimedAtMs: nowMs, answer: null, expiresAt };
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await this.#insert(row)) return { state: 'claimed', jobId };
      const known = await onDatabase(what(id), () => this.#keys.findById(id).lean());
      if (!known) continue;
      if (known.expiresAt.getTime() <= nowMs) {
        // The server removes expired rows only from time to time.
        const expired = { _id: id, expiresAt: known.expiresAt };
        await onDatabase(what(id), () => this.#keys.deleteOne(expired));
        continue;
      }
      if (known.fingerprint !== fingerprint) return { state: 'reused' };
      if (known.answer !== null) return { state: 'answered', answer: known.answer };
      const stale = nowMs - known.claimedAtMs >= CLAIM_MS;
      if (stale && (await this.#takeOver(known, nowMs))) return { state: 'claimed', jobId: known.jobId };
      return { state: 'inFlight' };
    }
    throw new SnapshotError('DATABASE_FAILED', `${what(id)} keeps appearing and disappearing`, {
      retryable: true,
    });
  }

  async answer(id: string, jobId: string, answer: string): Promise<void> {
    const open = { _id: id, jobId, answer: null };
    await onDatabase(what(id), () => this.#keys.updateOne(open, { $set: { answer } }));
  }

  async release(id: string, jobId: string): Promise<void> {
    const open = { _id: id, jobId, answer: null };
    await onDatabase(what(id), () => this.#keys.updateOne(open, { $set: { claimedAtMs: 0 } }));
  }

  async #insert(row: IIdempotencyKey): Promise<boolean> {
    try {
      await this.#keys.create(row);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw toDatabaseError(what(row._id), error);
    }
  }

  /** Exactly one of the requests that found the claim stale gets it. */
  async #takeOver({ _id, claimedAtMs }: IIdempotencyKey, nowMs: number): Promise<boolean> {
    const stale = { _id, claimedAtMs, answer: null };
    const update = { $set: { claimedAtMs: nowMs } };
    const { modifiedCount } = await onDatabase(what(_id), () => this.#keys.updateOne(stale, update));
    return modifiedCount === 1;
  }
}

function what(id: string): string {
  return `idempotency key ${id.slice(0, 12)}…`;
}
