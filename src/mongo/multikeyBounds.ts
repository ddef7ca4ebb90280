import { mongo } from 'mongoose';
import { serverCodeOf, toDatabaseError } from './errors';

type Logs = Pick<mongo.Collection, 'find'>;

/** The index of the log; an existing one may have any name. */
const LOG_INDEX = { immutable: 1, timestamp: 1, _id: 1 } as const;
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
export async function indexBounds(logs: Logs, filter: mongo.Document): Promise<mongo.FindOptions> {
  const { immutable } = filter as { readonly immutable: unknown };
  const { $gte, $gt, $lt } = (filter['timestamp'] ?? {}) as Readonly<Record<string, Date | undefined>>;
  const from = $gte ?? $gt;
  if (from === undefined || $lt === undefined || !(await isMultikey(logs))) return {};
  const at = (timestamp: Date) => ({ immutable, timestamp, _id: new mongo.MinKey() });
  return { hint: LOG_INDEX, min: at(from), max: at($lt) };
}

async function isMultikey(logs: Logs): Promise<boolean> {
  const known = answers.get(logs);
  const nowMs = performance.now();
  if (known && (known.multikey || nowMs - known.atMs < ANSWER_FOR_MS)) return known.multikey;
  const multikey = await askIndex(logs);
  answers.set(logs, { multikey, atMs: nowMs });
  return multikey;
}

/** Asks for the plan of a query that reads one key. */
async function askIndex(logs: Logs): Promise<boolean> {
  try {
    const query = logs.find({ immutable: false, timestamp: new Date(0) }, { hint: LOG_INDEX });
    const plan: unknown = await query.explain('queryPlanner');
    return hasMultikeyTime(plan);
  } catch (error) {
    // There is no such index, so there is nothing to bound.
    if (serverCodeOf(error) === BAD_VALUE) return false;
    throw toDatabaseError('the plan of reading the audit log', error);
  }
}

/** Looks through a plan of any server version, of a shard too, for the stage that reads the index. */
function hasMultikeyTime(plan: unknown): boolean {
  if (typeof plan !== 'object' || plan === null) return false;
  const { isMultiKey, multiKeyPaths } = plan as {
    readonly isMultiKey?: unknown;
    readonly multiKeyPaths?: Readonly<Record<string, readonly string[]>>;
  };
  if (isMultiKey === true && multiKeyPaths?.['timestamp']?.length !== 0) return true;
  return Object.values(plan).some(hasMultikeyTime);
}
