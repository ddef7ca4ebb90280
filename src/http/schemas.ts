import { z } from 'zod';
import { JOB_ID } from '../contract/names';
import { parseInstantMs } from '../contract/window';
import { ERROR_CODES } from '../errors';
import { JOB_STATUSES } from '../contract/jobStatus';
import { describeJobTypes, INSTANT_PATTERN } from '../jobs/jobRegistry';
import { problemKind } from './problem';

const count = z.int().min(0);
const jobId = z
  .string()
  .regex(JOB_ID, 'is not a job id')
  .meta({ description: 'The id of a job.', examples: ['6917a4e0c3b1f2a4d5e6f708'] });
const instant = z.string().meta({ format: 'date-time', examples: ['2026-01-31T23:59:59.999Z'] });

export const jobParams = z.strictObject({ id: jobId });

const jobTypes = describeJobTypes();

/** `POST /jobs`; the payload is parsed by its job type. */
export const submission = z
  .strictObject({
    type: z.string().min(1).max(64).meta({ enum: jobTypes.names, description: 'What the job does.' }),
    payload: z.unknown().meta(jobTypes.payload),
  })
  .meta({ id: 'Submission', examples: [{ type: 'audit.snapshot', payload: jobTypes.payload.examples[0] }] });

/** `Idempotency-Key` is visible ASCII and compared byte for byte. Node lower-cases header names. */
export const submissionHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'is not 1 to 255 visible ASCII characters')
    .optional()
    .meta({
      description:
        'A value that you choose for this one submission, such as a UUID. The same key with the same body gets the same response and starts nothing new.',
      examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
    }),
});

export const snapshotResult = z
  .strictObject({
    snapshotAssetId: z.string().min(1).max(64),
    recordCount: count,
    snapshotId: z.string().min(1).max(128),
    window: z.strictObject({ from: z.string(), to: z.string() }),
    findingCount: count,
    conflictCount: count,
    lateCount: count,
    leftOut: z.record(z.string().regex(/^[a-z]+(-[a-z]+)*$/), count).optional(),
    manifestSha256: z.string().regex(/^[0-9a-f]{64}$/),
    ledgerIndex: count,
  })
  .meta({
    id: 'SnapshotResult',
    description:
      'What was sealed; `snapshotAssetId` is `NONE` for an empty window. `leftOut` counts, by kind, the records that could not be sealed.',
  });

/** The run that a report is of. */
export const reportHeaders = z.object({
  'audit-run-id': z
    .string()
    .regex(/^[\w-]{1,64}$/, 'is not a run id')
    .meta({ description: 'The id of the workflow run that reports; it must be the open run of the job.' }),
});

/** `POST /jobs/:id/succeed`. What only a newer worker reports is left out, so that workers are upgraded before the service. */
export const success = z.strictObject({ result: z.object(snapshotResult.shape) });

/** `POST /jobs/:id/fail`. */
export const failure = z.strictObject({
  status: z.enum(['failed', 'cancelled']).default('failed'),
  code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
  reason: z.string().max(8192),
});

/** A job in the form of the API. */
export const jobView = z
  .object({
    jobId,
    type: z.string(),
    payload: z.unknown(),
    status: z.enum(JOB_STATUSES),
    result: snapshotResult.nullable(),
    error: z.object({ code: z.string(), reason: z.string() }).nullable(),
    createdAt: instant,
    updatedAt: instant,
    submittedBy: z.string().optional().meta({
      description: 'The caller that submitted the job; left out for a run that was started directly.',
    }),
    actions: z
      .array(z.object({ action: z.enum(['cancel', 'retry']), by: z.string(), at: instant }))
      .optional()
      .meta({ description: 'The latest requests to cancel or retry the job, oldest first.' }),
    progress: z.unknown().optional().meta({
      description:
        'Progress of a running job from its workflow; left out when the workflow does not answer at once.',
    }),
  })
  .meta({ id: 'Job' });

export type JobView = z.infer<typeof jobView>;

/** One page of `GET /jobs`, newest first. */
export const jobPage = z
  .object({
    jobs: z.array(jobView),
    next: z.string().nullable().meta({ description: '`cursor` of the next page; null on the last page.' }),
  })
  .meta({ id: 'JobPage' });

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'For people; its wording may change.' }),
    code: z.enum(ERROR_CODES).meta({ description: 'Stable; branch on it.' }),
    instance: z.string().optional(),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:audit-snapshot:problem:WINDOW_INVALID',
        title: problemKind('WINDOW_INVALID', false)[1],
        status: 422,
        detail: 'to "2099-01-01T00:00:00Z" lies in the future; seal a window only after it is over',
        code: 'WINDOW_INVALID',
        instance: 'urn:uuid:2f1c6a0e-6f0b-4f0e-9f0a-0f4f5f1c6a0e',
      },
    ],
  });

/** A query parameter that is a canonically written whole number in `[min, max]`. */
function wholeNumber(min: number, max: number) {
  const text = z.string().refine((given) => {
    return /^(0|[1-9]\d{0,5})$/.test(given) && Number(given) >= min && Number(given) <= max;
  }, `is not a whole number from ${min} to ${max}`);
  return text.transform(Number).meta({ type: 'integer', minimum: min, maximum: max });
}

function instantMs(description: string) {
  const text = z
    .string()
    .refine((given) => parseInstantMs(given) !== undefined, 'is not an ISO 8601 instant with an offset');
  const shown = { pattern: INSTANT_PATTERN, description, examples: ['2026-01-31T00:00:00Z'] };
  return text.transform((given) => parseInstantMs(given)!).meta(shown);
}

/** `GET /jobs`. */
export const jobQuery = z.strictObject({
  status: z.enum(JOB_STATUSES).optional(),
  type: z.string().min(1).max(64).optional(),
  createdAfter: instantMs('Jobs created at this instant or later.').optional(),
  createdBefore: instantMs('Jobs created before this instant.').optional(),
  from: instantMs('Jobs whose window ends at this instant or later.').optional(),
  to: instantMs('Jobs whose window begins at this instant or earlier.').optional(),
  limit: wholeNumber(1, 100).default(50).meta({
    description:
      'Maximum number of jobs on the page; a page may have fewer and still be followed by another.',
  }),
  cursor: z.string().max(200).optional().meta({ description: '`next` of the previous page.' }),
});

/** `GET /jobs/:id`. */
export const waitQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^(0|[1-9]|[1-5]\d|60)s$/, 'is not whole seconds up to 60s, such as 30s')
    .optional()
    .meta({ description: 'Respond when the job has ended, or after this time.', examples: ['30s'] }),
});
