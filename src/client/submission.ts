import { randomUUID } from 'node:crypto';
import { isJobId, JOB_ID_RULE } from '../contract/names';
import type { AuditSnapshotInput, OnTamper, TimePolicy } from '../contract/snapshot';
import { givenPolicy, readTimePolicy } from '../contract/timePolicy';
import { parseInstantMs, parseWindow } from '../contract/window';
import { SnapshotError } from '../errors';

/** A window of the audit log, both ends inclusive: ISO 8601 instants with an offset, or Dates. It must have ended. */
export interface WindowInput {
  readonly from: string | Date;
  readonly to: string | Date;
}

export interface SubmitOptions extends TimePolicy {
  /**
   * 1 to 64 lowercase letters, digits and hyphens. Submitting is idempotent for a job id that you choose, such as one that
   * names the day; without one, every call creates a new job.
   */
  readonly jobId?: string | undefined;
  /** What to do with records that do not match their own hash. Default `seal`: seal them and report them as findings. */
  readonly onTamper?: OnTamper | undefined;
}

/** The input of the workflow, its window in canonical form. WINDOW_INVALID, PAYLOAD_INVALID. */
export function readSubmission(
  window: WindowInput,
  options: SubmitOptions,
  nowMs: number,
): AuditSnapshotInput {
  const { jobId = randomUUID(), onTamper } = options;
  if (!isJobId(jobId)) {
    throw new SnapshotError('PAYLOAD_INVALID', `a job id is ${JOB_ID_RULE}`);
  }
  readTimePolicy(options);
  return {
    jobId,
    ...parseWindow(textOf('from', window.from), textOf('to', window.to), nowMs),
    ...(onTamper === undefined ? {} : { onTamper }),
    ...givenPolicy(options),
  };
}

/** An instant in canonical form. WINDOW_INVALID names the member. */
export function instantOf(member: string, instant: string | Date): string {
  const ms = parseInstantMs(textOf(member, instant));
  if (ms !== undefined) return new Date(ms).toISOString();
  throw new SnapshotError('WINDOW_INVALID', `${member} is not an ISO 8601 instant with an offset`);
}

function textOf(member: string, instant: string | Date): string {
  if (typeof instant === 'string') return instant;
  // JavaScript callers are not held to the types.
  if (instant instanceof Date && !Number.isNaN(instant.getTime())) return instant.toISOString();
  throw new SnapshotError('WINDOW_INVALID', `${member} is neither a string nor a valid Date`);
}
