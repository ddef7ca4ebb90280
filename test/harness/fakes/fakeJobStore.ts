import type { JobOutcome } from '../../../src/contract/activities';
import { SNAPSHOT_JOB_TYPE } from '../../../src/contract/names';
import { SnapshotError } from '../../../src/errors';
import type { IJob } from '../../../src/models/job.model';
import type { JobReporter } from '../../../src/ports/jobReporter';
import {
  MAX_ACTIONS,
  type JobAction,
  type JobCursor,
  type JobList,
  type JobListQuery,
  type JobOwner,
  type JobStore,
} from '../../../src/ports/jobStore';
import { deepEqualJson } from '../../../src/sealing/deepEqualJson';
import { FaultPlan } from './faults';

/** Jobs in memory: the store that workers report to and that the job service reads. */
export class FakeJobStore implements JobReporter, JobStore {
  readonly faults = new FaultPlan<keyof JobReporter | keyof JobStore>('DATABASE_UNREACHABLE');
  readonly jobs = new Map<string, IJob>();

  create(jobId: string, type: string, payload: IJob['payload'], owner?: JobOwner): Promise<IJob> {
    return this.faults.run('create', () => {
      const { submittedBy, tenant } = owner ?? {};
      const owned = {
        ...(submittedBy === undefined ? {} : { submittedBy }),
        ...(tenant === undefined ? {} : { tenant }),
      };
      return this.#copyOf(jobId) ?? this.#put(jobId, { type, payload, status: 'queued', ...owned });
    });
  }

  addAction(jobId: string, action: JobAction): Promise<void> {
    return this.faults.run('addAction', () => {
      const job = this.jobs.get(jobId);
      if (job) this.#put(jobId, { ...job, actions: [...(job.actions ?? []), action].slice(-MAX_ACTIONS) });
    });
  }

  reopen(jobId: string): Promise<void> {
    return this.faults.run('reopen', () => {
      const job = this.jobs.get(jobId);
      if (job?.status === 'failed' || job?.status === 'cancelled')
        this.#put(jobId, { ...job, status: 'queued', error: null });
    });
  }

  list({ limit, after, ...query }: JobListQuery): Promise<JobList> {
    return this.faults.run('list', () => {
      const { status, type, createdFromMs, createdUntilMs, fromMs, toMs, owner = {} } = query;
      const rows = [...this.jobs.values()]
        .filter((job) => (status ?? job.status) === job.status && (type ?? job.type) === job.type)
        .filter((job) => Object.entries(owner).every(([name, value]) => job[name as keyof IJob] === value))
        .filter(({ createdAt }) => createdAt.getTime() >= (createdFromMs ?? 0))
        .filter(({ createdAt }) => createdAt.getTime() < (createdUntilMs ?? Infinity))
        .filter(({ payload }) => Date.parse(payload.to) >= (fromMs ?? 0))
        .filter(({ payload }) => Date.parse(payload.from) <= (toMs ?? Infinity))
        .map((job) => ({ job, place: { createdAtMs: job.createdAt.getTime(), jobId: job._id } }))
        .toSorted((a, b) => (isListedAfter(a.place, b.place) ? 1 : -1))
        .filter(({ place }) => after === undefined || isListedAfter(place, after));
      const page = rows.slice(0, limit);
      const next = rows.length > limit ? page.at(-1)?.place : undefined;
      return { jobs: page.map(({ job }) => ({ ...job })), next };
    });
  }

  discard(jobId: string): Promise<void> {
    return this.faults.run('discard', () => {
      if (this.jobs.get(jobId)?.status === 'queued') this.jobs.delete(jobId);
    });
  }

  find(jobId: string): Promise<IJob | undefined> {
    return this.faults.run('find', () => this.#copyOf(jobId));
  }

  ensure({ jobId, from, to }: { jobId: string; from: string; to: string }, asOfMs: number): Promise<void> {
    return this.faults.run('ensure', () => {
      const known = this.jobs.get(jobId);
      if (known?.status === 'succeeded' || (known?.asOfMs ?? -1) >= asOfMs) return;
      const { type = SNAPSHOT_JOB_TYPE, payload = { from, to } } = known ?? {};
      this.#put(jobId, { ...known, error: null, type, payload, status: 'running', asOfMs });
    });
  }

  report(jobId: string, outcome: JobOutcome): Promise<void> {
    return this.faults.run('report', () => {
      const job = this.jobs.get(jobId);
      if (!job) throw new SnapshotError('JOB_NOT_FOUND', `there is no job ${jobId}`);
      const { status } = outcome;
      const succeeded = outcome.status === 'succeeded';
      const result = succeeded ? outcome.result : null;
      const error = succeeded ? null : { code: outcome.code, reason: outcome.reason };
      if (job.status === 'queued' || job.status === 'running') {
        this.#put(jobId, { ...job, status, result, error });
      } else if (!deepEqualJson([job.status, job.result, job.error], [status, result, error])) {
        throw new SnapshotError('JOB_CONFLICT', `job ${jobId} has ended as ${job.status} already`);
      }
    });
  }

  #copyOf(jobId: string): IJob | undefined {
    const job = this.jobs.get(jobId);
    return job && { ...job };
  }

  #put(jobId: string, row: Partial<IJob> & Pick<IJob, 'type' | 'payload' | 'status'>): IJob {
    const now = new Date();
    const createdAt = this.jobs.get(jobId)?.createdAt ?? now;
    const job = { result: null, error: null, ...row, _id: jobId, createdAt, updatedAt: now };
    this.jobs.set(jobId, { ...job });
    return job;
  }
}

function isListedAfter(one: JobCursor, other: JobCursor): boolean {
  if (one.createdAtMs !== other.createdAtMs) return one.createdAtMs < other.createdAtMs;
  return one.jobId < other.jobId;
}
