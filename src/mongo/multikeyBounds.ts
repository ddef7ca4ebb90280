import { mongo } from 'mongoose';
import type { RecordMembers } from '../evidence/recordMembers';
import { serverCodeOf, toDatabaseError } from './errors';

type Logs = Pick<mongo.Collection, 'find'>;

const BAD_VALUE = 2;
const ANSWER_FOR_MS = 60_000;

/** An index never stops being multikey, so this answer is final; the other one is asked again after a minute. */
const answers = new WeakMap<Logs, { readonly multikey: boolean; readonly atMs: number }>();

/**
 * Options that bound a query of a range of log time on both sides of the index. One record whose `timestamp` is an array
 * makes the index multikey. MongoDB then uses one end of the range only, because different elements of an array could meet
 * either end, and reads to the end of the log for every page. The bounds `min` and `max` are of the index itself and hold
 * for a multikey one as well. They are given only then, because not every server uses them to read less. DATABASE_*.
 */
export async function indexBounds(
  logs: Logs,
  members: RecordMembers,
  filter: mongo.Document,
): Promise<mongo.FindOptions> {
  const { immutable, time } = members;
  const { $gte, $gt, $lt } = (filter[time] ?? {}) as Readonly<Record<string, Date | undefined>>;
  const from = $gte ?? $gt;
  if (from === undefined || $lt === undefined || !(await isMultikey(logs, members))) return {};
  const at = (instant: Date) => ({
    [immutable]: filter[immutable] as unknown,
    [time]: instant,
    _id: new mongo.MinKey(),
  });
  return { hint: logIndex(members), min: at(from), max: at($lt) };
}

/** The index of the log; an existing one may have any name. */
function logIndex({ immutable, time }: RecordMembers): Record<string, 1> {
  return { [immutable]: 1, [time]: 1, _id: 1 };
}

/** False only if the index of the log says that no record has an array as this member. DATABASE_*. */
export async function mayHaveArrays(
  logs: Logs,
  members: RecordMembers,
  member: 'time' | 'immutable',
): Promise<boolean> {
  return (await askIndex(logs, members, member)) !== false;
}

async function isMultikey(logs: Logs, members: RecordMembers): Promise<boolean> {
  const known = answers.get(logs);
  const nowMs = performance.now();
  if (known && (known.multikey || nowMs - known.atMs < ANSWER_FOR_MS)) return known.multikey;
  const multikey = (await askIndex(logs, members)) === true;
  answers.set(logs, { multikey, atMs: nowMs });
  return multikey;
}

/** Asks for the plan of a query that reads one key; undefined without the index, or when the plan does not say it. */
async function askIndex(
  logs: Logs,
  members: RecordMembers,
  member: 'time' | 'immutable' = 'time',
): Promise<boolean | undefined> {
  const { immutable, time } = members;
  try {
    const query = logs.find({ [immutable]: false, [time]: new Date(0) }, { hint: logIndex(members) });
    const plan: unknown = await query.explain('queryPlanner');
    return hasMultikeyPath(plan, members[member]);
  } catch (error) {
    // There is no such index, so there is nothing to bound.
    if (serverCodeOf(error) === BAD_VALUE) return undefined;
    throw toDatabaseError('the plan of reading the audit log', error);
  }
}

/** Looks through a plan of any server version, of a shard too, for the stage that reads the index. */
function hasMultikeyPath(plan: unknown, path: string): boolean | undefined {
  if (typeof plan !== 'object' || plan === null) return undefined;
  const { isMultiKey, multiKeyPaths } = plan as {
    readonly isMultiKey?: unknown;
    readonly multiKeyPaths?: Readonly<Record<string, readonly string[]>>;
  };
  const own = isMultiKey === undefined ? [] : [isMultiKey === true && multiKeyPaths?.[path]?.length !== 0];
  const all = [...own, ...Object.values(plan).map((stage) => hasMultikeyPath(stage, path))];
  return all.includes(true) ? true : all.includes(false) ? false : undefined;
}
