import type { mongo } from 'mongoose';
import { onDatabase } from './errors';
import { SnapshotError } from '../errors';
import { decodeRecordId } from './recordId';

type Logs = mongo.Collection;

interface Target {
  readonly id: string;
  readonly value: unknown;
}

/** Ids in one update. Measured: more cost the embedded server more for each record, fewer cost round trips. */
const IDS_PER_UPDATE = 500;

/**
 * Marks records as sealed by a snapshot, where `immutable` is still false. Returns the position ids of the records that are
 * not marked with this snapshot afterwards: deleted, sealed by another snapshot, or rejected by the server. DATABASE_*.
 */
export async function markSealed(
  logs: Logs,
  logIds: readonly string[],
  snapshotId: string,
): Promise<string[]> {
  const conflicts: string[] = [];
  for (let start = 0; start < logIds.length; start += IDS_PER_UPDATE) {
    const part = logIds.slice(start, start + IDS_PER_UPDATE);
    const targets = part.map((id) => ({ id, value: decodeRecordId(id) }));
    const markable = targets.filter(({ value }) => value !== undefined);
    // A record whose id the driver cannot represent is sealed, but cannot be marked.
    conflicts.push(...targets.filter(({ value }) => value === undefined).map(({ id }) => id));
    if (markable.length > 0) conflicts.push(...(await markPart(logs, markable, snapshotId)));
  }
  return conflicts;
}

async function markPart(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  try {
    return await markAll(logs, targets, snapshotId);
  } catch (error) {
    if (!isRejection(error)) throw error;
    const rejected = await markHalves(logs, targets, snapshotId);
    // One odd record (at the size limit, against a validator) stops nothing; a server that rejects all does.
    if (rejected.length === targets.length && targets.length > 1) throw error;
    return rejected;
  }
}

/** Halves the targets until those that the server rejects are isolated. */
async function markHalves(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  if (targets.length === 1) return targets.map(({ id }) => id);
  const conflicts: string[] = [];
  const middle = targets.length >> 1;
  for (const half of [targets.slice(0, middle), targets.slice(middle)]) {
    try {
      conflicts.push(...(await markAll(logs, half, snapshotId)));
    } catch (error) {
      if (!isRejection(error)) throw error;
      conflicts.push(...(await markHalves(logs, half, snapshotId)));
    }
  }
  return conflicts;
}

async function markAll(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  const among = { _id: { $in: targets.map(({ value }) => value) } };
  const update = { $set: { immutable: true, snapshotId } };
  const { matchedCount } = await onDatabase(`marking for ${snapshotId}`, () =>
    logs.updateMany({ ...among, immutable: false } as mongo.Document, update),
  );
  if (matchedCount === targets.length) return [];
  const count = await onDatabase(`marks of ${snapshotId}`, () =>
    logs.countDocuments({ ...among, immutable: true, snapshotId } as mongo.Document),
  );
  return count === targets.length ? [] : findConflicts(logs, targets, snapshotId);
}

/** One query for each id; only called for targets with a conflict among them. */
async function findConflicts(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  const conflicts: string[] = [];
  for (const { id, value } of targets) {
    const own = { _id: value, immutable: true, snapshotId } as mongo.Document;
    const found = await onDatabase(`mark of ${id}`, () => logs.findOne(own, { projection: { _id: 1 } }));
    if (!found) conflicts.push(id);
  }
  return conflicts;
}

/** The server rejected the update itself: repeating it would change nothing, and the credentials are valid. */
function isRejection(error: unknown): boolean {
  return error instanceof SnapshotError && error.code === 'DATABASE_FAILED' && !error.retryable;
}
