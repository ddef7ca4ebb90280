import { z } from 'zod';
import { SNAPSHOT_JOB_TYPE } from '../contract/names';
import { DEFAULT_TIME_POLICY, type TimePolicy } from '../contract/snapshot';
import { givenPolicy, MAX_ATTEMPTS, MAX_TOTAL_SECONDS } from '../contract/timePolicy';
import { parseWindow, type Window } from '../contract/window';
import { SnapshotError, formatIssue } from '../errors';

// This room is what jobs are: the registry of job types with their payloads and policies, one handler a type, and the report
// of outcomes to a job service.

interface JobPolicy {
  readonly maxAttempts: number;
  /** Time limit of each attempt. */
  readonly timeoutSeconds: number;
}

/** The payload of `audit.snapshot`: the window, and what its job changes of the policy. */
type SnapshotRequest = Window & TimePolicy;

export interface JobType {
  readonly type: string;
  readonly policy: JobPolicy;
  /** Validates a payload and returns it in canonical form. PAYLOAD_INVALID, WINDOW_INVALID. */
  readonly parse: (payload: unknown, nowMs: number) => SnapshotRequest;
}

/** For tools that generate requests: a subset of the accepted instants, without the days 29 to 31. */
export const INSTANT_PATTERN =
  '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$';

const instant = z.string().meta({ description: 'ISO 8601 with an offset.', pattern: INSTANT_PATTERN });
const AUDIT_SNAPSHOT_SCHEMA = z.strictObject({
  from: instant,
  to: instant,
  maxAttempts: z
    .int()
    .min(1)
    .max(MAX_ATTEMPTS)
    .optional()
    .meta({ description: 'Attempts without progress until the job fails. Default 3.' }),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(MAX_ATTEMPTS)
    .optional()
    .meta({ description: 'Time limit of each attempt. Default 3600.' }),
  totalTimeoutSeconds: z
    .int()
    .min(1)
    .max(MAX_TOTAL_SECONDS)
    .optional()
    .meta({ description: 'Time limit of the job, over all attempts. Default: none.' }),
});

/**
 * One hour for each of three attempts: each resumes after the last stored chunk of the one before, and only those that make
 * no progress count.
 */
const AUDIT_SNAPSHOT_POLICY: JobPolicy = DEFAULT_TIME_POLICY;

const AUDIT_SNAPSHOT: JobType = {
  type: SNAPSHOT_JOB_TYPE,
  policy: AUDIT_SNAPSHOT_POLICY,
  parse(payload, nowMs) {
    const { from, to, ...policy } = parseShape(AUDIT_SNAPSHOT_SCHEMA, payload);
    return { ...parseWindow(from, to, nowMs), ...givenPolicy(policy) };
  },
};

/** A map, not an object, so that `constructor` and `__proto__` are not job types. */
const JOB_REGISTRY: ReadonlyMap<string, JobType> = new Map([[AUDIT_SNAPSHOT.type, AUDIT_SNAPSHOT]]);

/** The job type of that name. JOB_TYPE_UNKNOWN lists the existing ones. */
export function findJobType(type: string): JobType {
  const known = JOB_REGISTRY.get(type);
  if (known) return known;
  const types = [...JOB_REGISTRY.keys()].join(', ');
  throw new SnapshotError(
    'JOB_TYPE_UNKNOWN',
    `unknown job type ${JSON.stringify(type.slice(0, 64))}; use one of: ${types}`,
  );
}

/** The names of all job types, and the payload as JSON Schema for the OpenAPI document. */
export function describeJobTypes() {
  const { $schema: _, ...payload } = z.toJSONSchema(AUDIT_SNAPSHOT_SCHEMA);
  const day = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
  const description =
    'The window to seal: ISO 8601 instants with an offset, both inclusive. It must have ended. The other members change the policy of attempts.';
  return { names: [...JOB_REGISTRY.keys()], payload: { ...payload, description, examples: [day] } };
}

function parseShape<T>(shape: z.ZodType<T>, payload: unknown): T {
  const parsed = shape.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(formatIssue);
  throw new SnapshotError('PAYLOAD_INVALID', `payload: ${issues.join('; ')}`);
}
