import { z } from 'zod';
import { JOB_STATUSES } from '../models/job.model';

const count = z.int().min(0);
const jobId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'is not a job id');

export const jobParams = z.strictObject({ id: jobId });

/** `POST /jobs`; the payload is parsed by its job type. */
export const submission = z.strictObject({ type: z.string().min(1).max(64), payload: z.unknown() });

export const snapshotResult = z.strictObject({
  snapshotAssetId: z.string().min(1).max(64),
  recordCount: count,
  snapshotId: z.string().min(1).max(128),
  window: z.strictObject({ from: z.string(), to: z.string() }),
  findingCount: count,
  conflictCount: count,
  lateCount: count,
  manifestSha256: z.string().regex(/^[0-9a-f]{64}$/),
  ledgerIndex: z.int().min(0),
});

/** `POST /jobs/:id/succeed`. */
export const success = z.strictObject({ result: snapshotResult });

/** `POST /jobs/:id/fail`. */
export const failure = z.strictObject({
  status: z.enum(['failed', 'cancelled']).default('failed'),
  code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
  reason: z.string().max(8192),
});

/** A job as the service shows it. */
export const jobView = z.object({
  jobId,
  type: z.string(),
  payload: z.unknown(),
  status: z.enum(JOB_STATUSES),
  result: snapshotResult.nullable(),
  error: z.object({ code: z.string(), reason: z.string() }).nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
  /** Of a running job, as its workflow tells it; left out when that does not answer at once. */
  progress: z.unknown().optional(),
});
