import type { Model } from 'mongoose';
import { onDatabase } from './errors';
import type { IJob } from '../models/job.model';
import type { JobCursor, JobList, JobListQuery } from '../ports/jobStore';

export type { JobCursor as JobPlace, JobList, JobListQuery } from '../ports/jobStore';

const FIRST_SLICE_MS = 3_600_000;
const SLICE_GROWTH = 8;
/** Jobs that are made while the page is read may carry the clock of another machine. */
const CLOCK_SKEW_MS = 60_000;
/** No job is older than this software. */
const EPOCH_MS = Date.UTC(2020, 0, 1);
const ANSWER_MS = 10_000;

/**
 * Goes back through time in slices that grow, until the page is full: a page costs what its slices hold even on servers
 * whose `limit` does not prune, and an empty past costs a handful of queries.
 */
export async function listJobs(model: Model<IJob>, query: JobListQuery): Promise<JobList> {
  const { limit, after, nowMs } = query;
  const newestMs = Math.min(query.createdUntilMs ?? Infinity, nowMs + CLOCK_SKEW_MS);
  const oldestMs = Math.max(query.createdFromMs ?? EPOCH_MS, EPOCH_MS);
  let untilMs = after === undefined ? newestMs : Math.min(after.createdAtMs + 1, newestMs);
  let widthMs = FIRST_SLICE_MS;
  const jobs: IJob[] = [];
  while (untilMs > oldestMs && jobs.length <= limit) {
    const fromMs = Math.max(oldestMs, untilMs - widthMs);
    // One more than the page holds tells whether there is another page.
    const missing = limit + 1 - jobs.length;
    const filter = { ...filterOf(query), ...sliceOf(fromMs, untilMs, after) };
    const found = await onDatabase('list of jobs', () =>
      model.find(filter).sort({ createdAt: -1, _id: -1 }).limit(missing).maxTimeMS(ANSWER_MS).lean(),
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

function filterOf({ status, type, fromMs, toMs }: JobListQuery): object {
  // Canonical instants of years with four digits are in the order of their text.
  return {
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(fromMs === undefined ? {} : { 'payload.to': { $gte: new Date(fromMs).toISOString() } }),
    ...(toMs === undefined ? {} : { 'payload.from': { $lte: new Date(toMs).toISOString() } }),
  };
}
