import type { mongo } from 'mongoose';
import type { Bounds } from '../contract/window';
import { listedId } from '../evidence/recordIds';
import type { RecordMembers } from '../evidence/recordMembers';
import { onDatabase } from './errors';
import { SnapshotError } from '../errors';
import { between, type UnsealedMark } from './logPages';
import { decodeRecordId, idBatches } from './recordId';

type Logs = mongo.Collection;

interface Target {
  readonly id: string;
  readonly value: unknown;
}

/** Which records are marked, for which snapshot. */
interface Marking {
  /** The marks of records that are not sealed yet. */
  readonly marks: readonly UnsealedMark[];
  readonly members: RecordMembers;
  readonly logIds: readonly string[];
  readonly snapshotId: string;
  /** The log time of the records, if it is known. */
  readonly within: Bounds | undefined;
}

/** One snapshot's marks in one log. */
type Scope = Omit<Marking, 'logIds'>;

/** Ids in one update. Measured: more cost the embedded server more for each record, fewer cost round trips. */
const IDS_PER_UPDATE = 500;

/**
 * Marks records as sealed by a snapshot, where `immutable` is still false. Returns the position ids of the records that are
 * not marked with this snapshot afterwards: deleted, sealed by another snapshot, or rejected by the server. DATABASE_*.
 */
export async function markSealed(logs: Logs, { logIds, ...scope }: Marking): Promise<string[]> {
  const conflicts: string[] = [];
  for (const part of idBatches(logIds, IDS_PER_UPDATE)) {
    const targets = part.map((id) => ({ id, value: decodeRecordId(id) }));
    const markable = targets.filter(({ value }) => value !== undefined);
    // A record whose id the driver cannot represent is sealed, but cannot be marked.
    conflicts.push(...targets.filter(({ value }) => value === undefined).map(({ id }) => id));
    if (markable.length > 0) conflicts.push(...(await markPart(logs, markable, scope)));
  }
  return conflicts;
}

async function markPart(logs: Logs, targets: readonly Target[], scope: Scope): Promise<string[]> {
  try {
    return await markAll(logs, targets, scope);
  } catch (error) {
    if (!isRejection(error)) throw error;
    const rejected = await markHalves(logs, targets, scope);
    // One odd record (at the size limit, against a validator) stops nothing; a server that rejects all does.
    if (rejected.length === targets.length && targets.length > 1) throw error;
    return rejected;
  }
}

/** Halves the targets until those that the server rejects are isolated. */
async function markHalves(logs: Logs, targets: readonly Target[], scope: Scope): Promise<string[]> {
  if (targets.length === 1) return targets.map(({ id }) => id);
  const conflicts: string[] = [];
  const middle = targets.length >> 1;
  for (const half of [targets.slice(0, middle), targets.slice(middle)]) {
    try {
      conflicts.push(...(await markAll(logs, half, scope)));
    } catch (error) {
      if (!isRejection(error)) throw error;
      conflicts.push(...(await markHalves(logs, half, scope)));
    }
  }
  return conflicts;
}

async function markAll(logs: Logs, targets: readonly Target[], scope: Scope): Promise<string[]> {
  const { snapshotId, within } = scope;
  const among = { _id: { $in: targets.map(({ value }) => value) } };
  if ((await update(logs, among, scope)) === targets.length) return [];
  const marked = () =>
    onDatabase(`marks of ${snapshotId}`, () =>
      logs.countDocuments({ ...among, ...markOf(scope) } as mongo.Document),
    );
  if ((await marked()) === targets.length) return [];
  // The time of a record was changed after it was sealed: it is found by its id alone.
  if (within !== undefined && (await update(logs, among, { ...scope, within: undefined })) > 0)
    if ((await marked()) === targets.length) return [];
  return findConflicts(logs, targets, scope);
}

/**
 * One update, and how many records it marked. The router of a sharded cluster sends it only to the shards that hold the log
 * time; by `_id` alone it would ask all of them.
 */
async function update(logs: Logs, among: object, scope: Scope): Promise<number> {
  const { snapshotId, within, members, marks } = scope;
  const time = within === undefined ? {} : between(members, within.fromMs, within.untilMs);
  const unsealed = { ...among, [members.immutable]: { $in: marks }, ...time };
  const { matchedCount } = await onDatabase(`marking for ${snapshotId}`, () =>
    logs.updateMany(unsealed, { $set: markOf(scope) }),
  );
  return matchedCount;
}

/** The two members that a marked record has. */
function markOf({ members, snapshotId }: Pick<Scope, 'members' | 'snapshotId'>): mongo.Document {
  return { [members.immutable]: true, [members.snapshotId]: snapshotId };
}

/** One query for each id; only called for targets with a conflict among them. */
async function findConflicts(logs: Logs, targets: readonly Target[], scope: Scope): Promise<string[]> {
  const conflicts: string[] = [];
  for (const { id, value } of targets) {
    const own = { _id: value, ...markOf(scope) } as mongo.Document;
    const found = await onDatabase(`mark of ${listedId(id)}`, () =>
      logs.findOne(own, { projection: { _id: 1 } }),
    );
    if (!found) conflicts.push(id);
  }
  return conflicts;
}

/** The server rejected the update itself: repeating it would change nothing, and the credentials are valid. */
function isRejection(error: unknown): boolean {
  return error instanceof SnapshotError && error.code === 'DATABASE_FAILED' && !error.retryable;
}
