import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors';
import { canonicalJson } from '../evidence/canonicalJson';
import { startAuditSnapshotJob } from '../jobs/handlers/auditSnapshotHandler';
import { findJobType } from '../jobs/jobRegistry';
import type { Job } from '../ports/jobStore';
import { viewOf } from './jobView';
import { recordAction, type Actor } from './recordAction';
import type { RouteDeps } from './routes/routeDeps';
import type { JobView } from './schemas';

export interface Submission {
  readonly type: string;
  readonly payload: unknown;
  readonly actor: Actor;
  readonly idempotencyKey: string | undefined;
}

export interface Submitted {
  readonly view: JobView;
  /** True when this is the response to an earlier request with the same key. */
  readonly replayed: boolean;
}

interface NewJob {
  readonly jobId: string;
  readonly type: string;
  readonly payload: Job['payload'];
  readonly actor: Actor;
}

/** Creates a job and starts it; with an idempotency key once, however often it is submitted. */
export async function submitJob(deps: RouteDeps, submission: Submission): Promise<Submitted> {
  const { type, idempotencyKey, actor } = submission;
  const payload = findJobType(type).parse(submission.payload, deps.nowMs());
  const job = { jobId: deps.newJobId(), type, payload, actor };
  if (idempotencyKey === undefined) return { view: await createAndStart(deps, job), replayed: false };

  const id = hash(`${actor.caller.name}\n${idempotencyKey}`);
  return submitOnce(deps, id, job);
}

/** `id` stands for caller and key; exactly one of the requests with it creates a job. */
async function submitOnce(deps: RouteDeps, id: string, job: NewJob): Promise<Submitted> {
  // The payload is in canonical form here, so two spellings of one instant are one request.
  const fingerprint = hash(canonicalJson({ type: job.type, payload: job.payload }));
  const claim = await deps.keys.claim({ id, fingerprint, jobId: job.jobId }, deps.nowMs());
  if (claim.state === 'answered') return { view: JSON.parse(claim.answer) as JobView, replayed: true };
  if (claim.state === 'reused') {
    const message = 'this Idempotency-Key was already sent with another body; use a new key for a new job';
    throw new SnapshotError('IDEMPOTENCY_KEY_REUSED', message);
  }
  if (claim.state === 'inFlight') {
    const message =
      'the first request with this Idempotency-Key is still in progress; send it again in a moment';
    throw new SnapshotError('IDEMPOTENCY_IN_FLIGHT', message, { retryable: true });
  }

  let view: JobView;
  try {
    view = await createAndStart(deps, { ...job, jobId: claim.jobId });
  } catch (error) {
    await deps.keys.release(id, claim.jobId);
    throw error;
  }
  // After a crash before this line a later request takes over the claim and finds the same job and its run.
  await deps.keys.answer(id, claim.jobId, JSON.stringify(view));
  return { view, replayed: false };
}

async function createAndStart(deps: RouteDeps, { jobId, type, payload, actor }: NewJob): Promise<JobView> {
  await recordAction(deps, 'job.submitted', jobId, actor);
  const { name, tenant } = actor.caller;
  const job = await deps.jobs.create(jobId, type, payload, { submittedBy: name, tenant });
  // An earlier request created the job and its run has begun; if that ended badly since, only a retry starts it again.
  if (job.status !== 'queued') return viewOf(job);
  try {
    await startAuditSnapshotJob(job, deps);
  } catch (error) {
    // The caller learns that nothing was started and submits again; a job that nothing works on would mislead.
    await deps.jobs.discard(jobId);
    throw error;
  }
  return viewOf(job);
}

function hash(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
