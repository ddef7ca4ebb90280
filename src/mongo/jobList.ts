import type { Model } from 'mongoose';
import type { Job, JobCursor, JobList, JobListQuery } from '../ports/jobStore';
import { onDatabase } from './errors';

const FIRST_SLICE_MS = 3_600_000;
const SLICE_GROWTH = 8;
/** Jobs that are created while the page is read may have a time of another machine's clock. */
const CLOCK_SKEW_MS = 60_000;
/** No job is older than this product. */
const EPOCH_MS = Date.UTC(2020, 0, 1);
const QUERY_MS = 10_000;

/**
 * Reads backwards through time in growing slices until the page is full. The cost is bounded by the slices, even on servers
 * whose `limit` does not prune, and an empty past costs a handful of queries. DATABASE_*.
 */
export async function listJobs(model: Model<Job>, query: JobListQuery): Promise<JobList> {
  const { limit, after, nowMs } = query;
  const newestMs = Math.min(query.createdUntilMs ?? Infinity, nowMs + CLOCK_SKEW_MS);
  const oldestMs = Math.max(query.createdFromMs ?? EPOCH_MS, EPOCH_MS);
  let untilMs = after === undefined ? newestMs : Math.min(after.createdAtMs + 1, newestMs);
  let widthMs = FIRST_SLICE_MS;
  const jobs: Job[] = [];
  while (untilMs > oldestMs && jobs.length <= limit) {
    const fromMs = Math.max(oldestMs, untilMs - widthMs);
    // One job more than the page holds shows that there is another page.
    const missing = limit + 1 - jobs.length;
    const filter = { ...filterOf(query), ...sliceOf(fromMs, untilMs, after) };
    const found = await onDatabase('list of jobs', () =>
      model.find(filter).sort({ createdAt: -1, _id: -1 }).limit(missing).maxTimeMS(QUERY_MS).lean(),
    );
    jobs.push(...found);
    untilMs = fromMs;
    widthMs *= SLICE_GROWTH;
  }
  const page = jobs.slice(0, limit);
  const last = page.at(-1);
  const more = jobs.length > limit && last !== undefined;
  return { jobs: page, next: more ? { createdAtMs: last.createdAt.getTime(), jobId: last._id } : undefined };
}

function sliceOf(fromMs: number, untilMs: number, after: JobCursor | undefined): object {
  const createdAt = { $gte: new Date(fromMs), $lt: new Date(untilMs) };
  if (after === undefined || after.createdAtMs < fromMs || after.createdAtMs >= untilMs) return { createdAt };
  const instant = new Date(after.createdAtMs);
  return {
    createdAt,
    $or: [{ createdAt: { $lt: instant } }, { createdAt: instant, _id: { $lt: after.jobId } }],
  };
}

function filterOf({ status, type, fromMs, toMs, owner }: JobListQuery): object {
  // Canonical instants of four-digit years sort as text.
  return {
    ...owner,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(fromMs === undefined ? {} : { 'payload.to': { $gte: new Date(fromMs).toISOString() } }),
    ...(toMs === undefined ? {} : { 'payload.from': { $lte: new Date(toMs).toISOString() } }),
  };
}
