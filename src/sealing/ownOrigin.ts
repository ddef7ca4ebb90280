import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';
import { parseCheckpoint, parseNote } from '../tlog/note';

/**
 * Refuses a row of another origin: it was written with another AUDIT_ORIGIN, and what it says is in another ledger.
 * ORIGIN_MISMATCH.
 */
export function requireOwnOrigin(
  { snapshotId, origin }: { readonly snapshotId: string; readonly origin: string },
  { origin: own }: { readonly origin: string },
): void {
  if (origin === own) return;
  const message = `the row of ${snapshotId} in the database is of the origin ${origin}, not of ${own}; nothing was signed or marked. Check AUDIT_ORIGIN and MONGODB_URI, or submit a job with another id`;
  throw new SnapshotError('ORIGIN_MISMATCH', message);
}

/** The origin that the newest ledger checkpoint of the bucket names; undefined without a readable one. STORAGE_*. */
export async function originOfBucket(store: ObjectStore): Promise<string | undefined> {
  const stored = await store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
  if (!stored) return undefined;
  try {
    return parseCheckpoint(parseNote(stored.body).text).origin;
  } catch {
    // What it is instead is found before anything is signed.
    return undefined;
  }
}

/**
 * Refuses to work for an origin when bucket or database belong to another one: records would be marked with snapshots of
 * two ledgers. ORIGIN_MISMATCH.
 */
export function requireOneOrigin(
  own: string,
  { bucket, database }: { readonly bucket: string | undefined; readonly database: readonly string[] },
): void {
  if (bucket !== undefined && bucket !== own)
    throw mismatch(own, `the bucket holds the ledger of ${bucket}: check AUDIT_ORIGIN and S3_BUCKET`);
  const other = database.find((origin) => origin !== own);
  if (other !== undefined)
    throw mismatch(
      own,
      `the database has snapshots of ${other}: check AUDIT_ORIGIN and MONGODB_URI; to start a new ledger, docs/operations.md says what to do with the old rows`,
    );
}

function mismatch(own: string, why: string): SnapshotError {
  return new SnapshotError('ORIGIN_MISMATCH', `AUDIT_ORIGIN is ${own}, but ${why}`);
}
