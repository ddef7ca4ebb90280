import type { mongo } from 'mongoose';
import { onDatabase } from './errors';
import { SnapshotError } from '../errors';
import { decodeRecordId } from './recordId';

type Logs = mongo.Collection;

interface Target {
  readonly id: string;
  readonly value: unknown;
}

/** Ids in one update: measured, larger ones cost the embedded server more for each record, and smaller ones round trips. */
const IDS_PER_UPDATE = 500;

/**
 * Marks records as sealed by a snapshot, where `immutable` is still false. Returns, as position ids, those that are not
 * this snapshot's afterwards: gone, another's, or refused by the server one by one. DATABASE_*.
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
    const named = targets.filter(({ value }) => value !== undefined);
    // A record whose id the driver cannot spell is sealed, but there is no way to mark it.
    conflicts.push(...targets.filter(({ value }) => value === undefined).map(({ id }) => id));
    if (named.length > 0) conflicts.push(...(await markPart(logs, named, snapshotId)));
  }
  return conflicts;
}

async function markPart(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  try {
    return await markTogether(logs, targets, snapshotId);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const refused = await markApart(logs, targets, snapshotId);
    // One odd record (at the size limit, against a validator) stops nothing; a server that refuses all does.
    if (refused.length === targets.length && targets.length > 1) throw error;
    return refused;
  }
}

/** Halves the targets until those that the server refuses stand alone. */
async function markApart(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  if (targets.length === 1) return targets.map(({ id }) => id);
  const conflicts: string[] = [];
  const middle = targets.length >> 1;
  for (const half of [targets.slice(0, middle), targets.slice(middle)]) {
    try {
      conflicts.push(...(await markTogether(logs, half, snapshotId)));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      conflicts.push(...(await markApart(logs, half, snapshotId)));
    }
  }
  return conflicts;
}

async function markTogether(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
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

/** One look for each id: only targets with a conflict among them come here. */
async function findConflicts(logs: Logs, targets: readonly Target[], snapshotId: string): Promise<string[]> {
  const conflicts: string[] = [];
  for (const { id, value } of targets) {
    const own = { _id: value, immutable: true, snapshotId } as mongo.Document;
    const found = await onDatabase(`mark of ${id}`, () => logs.findOne(own, { projection: { _id: 1 } }));
    if (!found) conflicts.push(id);
  }
  return conflicts;
}

/** Trying again changes nothing, and the credentials are not what is wrong. */
function isRefusal(error: unknown): boolean {
  return error instanceof SnapshotError && error.code === 'DATABASE_FAILED' && !error.retryable;
}
