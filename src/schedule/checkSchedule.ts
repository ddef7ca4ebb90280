import {
  DEFAULT_LOOKBACK_SECONDS,
  DEFAULT_SETTLE_SECONDS,
  type AuditScheduleInput,
} from '../contract/schedule';
import { isScheduleId, SCHEDULE_ID_RULE } from '../contract/scheduleJobIds';
import type { OnTamper } from '../contract/snapshot';
import { readTimePolicy } from '../contract/timePolicy';
import { parseInstantMs } from '../contract/window';
import { SnapshotError } from '../errors';
import { boundariesOf, type Boundaries } from './boundaries';

/** The checked input of a schedule, with defaults filled in. */
export interface CheckedSchedule {
  readonly scheduleId: string;
  readonly boundaries: Boundaries;
  readonly startMs: number;
  readonly settleMs: number;
  readonly lookbackMs: number;
  readonly onTamper: OnTamper;
}

const MAX_SETTLE_SECONDS = 7 * 86_400;
const MAX_LOOKBACK_SECONDS = 10 * 366 * 86_400;

/**
 * Checks the input of a schedule, which may come from the command line, Terraform or the Web UI. PAYLOAD_INVALID names
 * the member that is wrong.
 */
export function checkSchedule(given: AuditScheduleInput): CheckedSchedule {
  if (typeof given !== 'object' || given === null) throw invalid('the input is not an object');
  const { scheduleId, startAt, onTamper = 'seal' } = given;
  if (typeof scheduleId !== 'string' || !isScheduleId(scheduleId))
    throw invalid(`scheduleId is not ${SCHEDULE_ID_RULE}`);
  const startMs = typeof startAt === 'string' ? parseInstantMs(startAt) : undefined;
  if (startMs === undefined || startMs % 1000 !== 0)
    throw invalid('startAt is not an instant in whole seconds, such as 2026-01-31T00:00:00Z');
  if (onTamper !== 'seal' && onTamper !== 'fail') throw invalid('onTamper is neither "seal" nor "fail"');
  const { settleSeconds = DEFAULT_SETTLE_SECONDS, lookbackSeconds = DEFAULT_LOOKBACK_SECONDS } = given;
  if (!isWhole(settleSeconds, MAX_SETTLE_SECONDS))
    throw invalid('settleSeconds is not a whole number from 0 s to 7 days');
  if (!isWhole(lookbackSeconds, MAX_LOOKBACK_SECONDS))
    throw invalid('lookbackSeconds is not a whole number from 0 s to 10 years');
  readTimePolicy(given);
  return {
    scheduleId,
    boundaries: boundariesOf(given),
    startMs,
    settleMs: settleSeconds * 1000,
    lookbackMs: lookbackSeconds * 1000,
    onTamper,
  };
}

function isWhole(value: unknown, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

function invalid(message: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', `schedule: ${message}`);
}
