import { SnapshotError } from '../errors';
import { DEFAULT_TIME_POLICY, type TimePolicy } from './snapshot';

/** Also the largest number of seconds: 11 days for an attempt. */
export const MAX_ATTEMPTS = 1_000_000;
/** Ten years: longer than any job, and short enough for arithmetic in milliseconds. */
export const MAX_TOTAL_SECONDS = 10 * 366 * 86_400;

/** The members of a policy that are given, checked, with the defaults of the others. PAYLOAD_INVALID. */
export function readTimePolicy(given: TimePolicy): {
  readonly maxAttempts: number;
  readonly timeoutSeconds: number;
  readonly totalTimeoutSeconds: number | undefined;
} {
  const { maxAttempts, timeoutSeconds, totalTimeoutSeconds } = {
    ...DEFAULT_TIME_POLICY,
    ...givenPolicy(given),
  };
  if (!isCount(maxAttempts, MAX_ATTEMPTS) || !isCount(timeoutSeconds, MAX_ATTEMPTS))
    throw invalid('maxAttempts and timeoutSeconds are not whole numbers from 1 to 1,000,000');
  if (totalTimeoutSeconds !== undefined && !isCount(totalTimeoutSeconds, MAX_TOTAL_SECONDS))
    throw invalid('totalTimeoutSeconds is not a whole number from 1 s to 10 years');
  return { maxAttempts, timeoutSeconds, totalTimeoutSeconds };
}

/** Only the members of a policy that are given. */
export function givenPolicy({ maxAttempts, timeoutSeconds, totalTimeoutSeconds }: TimePolicy): {
  readonly [K in keyof TimePolicy]?: number;
} {
  return {
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(totalTimeoutSeconds === undefined ? {} : { totalTimeoutSeconds }),
  };
}

function isCount(value: unknown, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}

function invalid(message: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', message);
}
