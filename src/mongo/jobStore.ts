import type { Connection, Model } from 'mongoose';
import type { JobOutcome } from '../contract/activities';
import type { JobStatus } from '../contract/jobStatus';
import { SNAPSHOT_JOB_TYPE } from '../contract/names';
import { SnapshotError } from '../errors';
import { jobModel } from '../models/job.model';
import type { JobReporter } from '../ports/jobReporter';
import {
  MAX_ACTIONS,
  type Job,
  type JobAction,
  type JobList,
  type JobListQuery,
  type JobOwner,
  type JobStore,
} from '../ports/jobStore';
import { deepEqualJson } from '../sealing/deepEqualJson';
import { isDuplicateKey, onDatabase, toDatabaseError } from './errors';
import { listJobs } from './jobList';

/** Jobs as rows in MongoDB: the job service reads them, and workers report to them. */
export class MongoJobStore implements JobReporter, JobStore {
  readonly #jobs: Model<Job>;

  constructor(connection: Connection) {
    this.#jobs = jobModel(connection);
  }

  /** Creates the row of a queued job, or returns the existing one. DATABASE_*. */
  async create(jobId: string, type: string, payload: Job['payload'], owner?: JobOwner): Promise<Job> {
    const { submittedBy, tenant } = owner ?? {};
    const created = await this.#insert({
      _id: jobId,
      type,
      payload,
      status: 'queued',
      ...(submittedBy === undefined ? {} : { submittedBy }),
      ...(tenant === undefined ? {} : { tenant }),
    });
    const job = created ?? (await this.find(jobId));
    if (job) return job;
    throw new SnapshotError('DATABASE_FAILED', `job ${jobId} existed and has disappeared`, {
      retryable: true,
    });
  }

  /** Puts a failed or cancelled job back in the queue; any other is left alone. */
  async reopen(jobId: string): Promise<void> {
    const ended = statusIn(jobId, 'failed', 'cancelled');
    const update = { $set: { status: 'queued', error: null } as const };
    await onDatabase(`job ${jobId}`, () => this.#jobs.updateOne(ended, update));
  }

  /** Keeps the latest actions, so that no row grows without limit. */
  async addAction(jobId: string, action: JobAction): Promise<void> {
    const update = { $push: { actions: { $each: [action], $slice: -MAX_ACTIONS } } };
    await onDatabase(`job ${jobId}`, () =>
      this.#jobs.collection.updateOne({ _id: jobId } as never, update as never),
    );
  }

  /** One page of jobs, newest first. */
  list(query: JobListQuery): Promise<JobList> {
    return listJobs(this.#jobs, query);
  }

  /** Removes a job that was never started, so that a failed submission leaves no row. */
  async discard(jobId: string): Promise<void> {
    await onDatabase(`job ${jobId}`, () => this.#jobs.deleteOne({ _id: jobId, status: 'queued' }));
  }

  async find(jobId: string): Promise<Job | undefined> {
    return (await onDatabase(`job ${jobId}`, () => this.#jobs.findById(jobId).lean())) ?? undefined;
  }

  /** Marks the job of a run as running; a run that was started without a job gets its row here. */
  async ensure(
    { jobId, from, to }: { jobId: string; from: string; to: string },
    asOfMs: number,
  ): Promise<void> {
    const known = await this.find(jobId);
    if (!known) {
      const row = { _id: jobId, type: SNAPSHOT_JOB_TYPE, payload: { from, to }, status: 'running' } as const;
      await this.#insert(row);
    }
    // A run of a failed job is a retry of it; a job that has succeeded stays so.
    const open = statusIn(jobId, 'queued', 'running', 'failed', 'cancelled');
    const older = { $or: [{ asOfMs: { $exists: false } }, { asOfMs: { $lt: asOfMs } }] };
    const update = { $set: { status: 'running', error: null, asOfMs } as const };
    await onDatabase(`job ${jobId}`, () => this.#jobs.updateOne({ ...open, ...older }, update));
  }

  /** Ends a job. Repeating the same outcome is no error; another one is JOB_CONFLICT. JOB_NOT_FOUND. */
  async report(jobId: string, outcome: JobOutcome): Promise<void> {
    const ended = endOf(outcome);
    const open = statusIn(jobId, 'queued', 'running');
    const { matchedCount } = await onDatabase(`job ${jobId}`, () =>
      this.#jobs.updateOne(open, { $set: ended }),
    );
    if (matchedCount === 1) return;
    const job = await this.find(jobId);
    if (!job) throw new SnapshotError('JOB_NOT_FOUND', `job ${jobId} does not exist`);
    const { status, result, error } = job;
    if (deepEqualJson({ status, result, error }, ended)) return;
    throw new SnapshotError(
      'JOB_CONFLICT',
      `job ${jobId} has already ended as ${status}, with another outcome`,
    );
  }

  /** The new row; undefined when there is already one with that id. */
  async #insert(
    row: Pick<Job, '_id' | 'type' | 'payload' | 'status' | 'submittedBy' | 'tenant'>,
  ): Promise<Job | undefined> {
    try {
      return (await this.#jobs.create(row)).toObject();
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw toDatabaseError(`job ${row._id}`, error);
    }
  }
}

function statusIn(jobId: string, ...statuses: JobStatus[]): { _id: string; status: { $in: JobStatus[] } } {
  return { _id: jobId, status: { $in: statuses } };
}

function endOf(outcome: JobOutcome): Pick<Job, 'status' | 'result' | 'error'> {
  if (outcome.status === 'succeeded') return { status: 'succeeded', result: outcome.result, error: null };
  const { status, code, reason } = outcome;
  return { status, result: null, error: { code, reason } };
}
