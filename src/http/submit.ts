import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors';
import { canonicalJson } from '../evidence/canonicalJson';
import type { IJob } from '../models/job.model';
import { startAuditSnapshotJob } from '../jobs/handlers/auditSnapshotHandler';
import { findJobType } from '../jobs/jobRegistry';
import { viewOf } from './jobView';
import type { RouteDeps } from './routes/routeDeps';
import type { JobView } from './schemas';

export interface Submission {
  readonly type: string;
  readonly payload: unknown;
  readonly callerName: string;
  readonly idempotencyKey: string | undefined;
}

export interface Submitted {
  readonly view: JobView;
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
}

/** Makes a job and starts it; with an idempotency key once, however often it is asked for. */
export async function submit(deps: RouteDeps, submission: Submission): Promise<Submitted> {
  const { type, payload, idempotencyKey, callerName } = submission;
  const window = findJobType(type).parse(payload, deps.nowMs());
  const jobId = deps.newJobId();
  if (idempotencyKey === undefined) return { view: await begin(deps, jobId, type, window), replayed: false };

  const id = hash(`${callerName}\n${idempotencyKey}`);
  // The window in canonical form: two spellings of one instant are one request.
  const fingerprint = hash(canonicalJson({ type, payload: window }));
  const claim = await deps.keys.claim({ id, fingerprint, jobId }, deps.nowMs());
  if (claim.state === 'answered') return { view: JSON.parse(claim.answer) as JobView, replayed: true };
  if (claim.state === 'reused') {
    throw new SnapshotError(
      'IDEMPOTENCY_KEY_REUSED',
      'this Idempotency-Key was sent before with another body; take a new key for a new job',
    );
  }
  if (claim.state === 'inFlight') {
    throw new SnapshotError(
      'IDEMPOTENCY_IN_FLIGHT',
      'the first request with this Idempotency-Key is not answered yet; send it again in a moment',
      { retryable: true },
    );
  }
  let view: JobView;
  try {
    view = await begin(deps, claim.jobId, type, window);
  } catch (error) {
    await deps.keys.release(id, claim.jobId);
    throw error;
  }
  // A crash up to here leaves the claim to a later request, which meets the same job and its run.
  await deps.keys.answer(id, claim.jobId, JSON.stringify(view));
  return { view, replayed: false };
}

async function begin(
  deps: RouteDeps,
  jobId: string,
  type: string,
  payload: IJob['payload'],
): Promise<JobView> {
  const job = await deps.jobs.create(jobId, type, payload);
  // Somebody went this way before and its run has begun; if it ended badly meanwhile, only a retry starts it again.
  if (job.status !== 'queued') return viewOf(job);
  try {
    await startAuditSnapshotJob(job, deps);
  } catch (error) {
    // The caller learns that nothing was started and submits again; a row that nobody works on would only mislead.
    await deps.jobs.discard(jobId);
    throw error;
  }
  return viewOf(job);
}

function hash(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
