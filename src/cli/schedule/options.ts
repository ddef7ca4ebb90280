import { InvalidArgumentError } from 'commander';
import { formatDuration, parseDuration } from '../../schedule/duration';
import type { Overlap, ScheduleSettings } from '../../schedule/scheduleSettings';
import { parseInstantMs } from '../../contract/window';
import type { AuditScheduleInput } from '../../contract/schedule';
import type { OnTamper } from '../../contract/snapshot';
import { SnapshotError } from '../../errors';

/** What `create` and `update` take; durations in seconds. */
export interface SettingOptions {
  readonly every?: number;
  readonly offset?: number;
  readonly cron?: string;
  readonly timezone?: string;
  readonly settle?: number;
  readonly lookback?: number;
  readonly start?: string;
  readonly jitter?: number;
  readonly overlap?: Overlap;
  readonly catchup?: number;
  readonly pauseOnFailure?: boolean;
  readonly onTamper?: OnTamper;
  readonly note?: string;
  readonly json?: boolean;
}

/** Reads a duration in the parser of the command line. */
export function durationArgument(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined)
    throw new InvalidArgumentError('It is no duration such as 90s, 15m, 1h, 1d or 1h30m.');
  return seconds;
}

/** Reads an instant in whole seconds in the parser of the command line, and gives its canonical spelling. */
export function instantArgument(text: string): string {
  const ms = parseInstantMs(text);
  if (ms === undefined || ms % 1000 !== 0)
    throw new InvalidArgumentError(
      'It is no instant in whole seconds with an offset, such as 2026-01-31T00:00:00Z.',
    );
  return new Date(ms).toISOString();
}

/** Settings with what was given on the command line in place of what they had; a new cadence replaces the former one whole. */
export function withOptions(known: ScheduleSettings, options: SettingOptions): ScheduleSettings {
  const { every, offset, cron, timezone } = options;
  if (every !== undefined && cron !== undefined)
    throw new SnapshotError('USAGE_INVALID', '--every and --cron do not go together');
  const { jitterSeconds, overlap, catchupSeconds, pauseOnFailure } = known;
  return {
    input: {
      ...restOf(known.input),
      ...cadenceOf(known.input, { every, offset, cron, timezone }),
      startAt: options.start ?? known.input.startAt,
      ...given('settleSeconds', options.settle ?? known.input.settleSeconds),
      ...given('lookbackSeconds', options.lookback ?? known.input.lookbackSeconds),
      ...given('onTamper', options.onTamper ?? known.input.onTamper),
    },
    jitterSeconds: options.jitter ?? jitterSeconds,
    overlap: options.overlap ?? overlap,
    catchupSeconds: options.catchup ?? catchupSeconds,
    pauseOnFailure: options.pauseOnFailure ?? pauseOnFailure,
  };
}

function cadenceOf(
  known: AuditScheduleInput,
  options: {
    readonly every: number | undefined;
    readonly offset: number | undefined;
    readonly cron: string | undefined;
    readonly timezone: string | undefined;
  },
): Partial<AuditScheduleInput> {
  const { every, cron } = options;
  const former = every === undefined && cron === undefined ? known : undefined;
  return {
    ...given('everySeconds', every ?? former?.everySeconds),
    ...given('offsetSeconds', options.offset ?? former?.offsetSeconds),
    ...given('cron', cron ?? former?.cron),
    ...given('timezone', options.timezone ?? former?.timezone),
  };
}

function restOf(
  input: AuditScheduleInput,
): Pick<AuditScheduleInput, 'scheduleId' | 'maxAttempts' | 'timeoutSeconds'> {
  const { scheduleId, maxAttempts, timeoutSeconds } = input;
  return { scheduleId, ...given('maxAttempts', maxAttempts), ...given('timeoutSeconds', timeoutSeconds) };
}

function given<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}

/** Settings as `--json` shows them and people read them, durations spelled out. */
export function settingsView({ input, ...policy }: ScheduleSettings): Record<string, unknown> {
  return {
    every: spell(input.everySeconds),
    offset: spell(input.offsetSeconds),
    cron: input.cron,
    timezone: input.timezone,
    start: input.startAt,
    settle: spell(input.settleSeconds),
    lookback: spell(input.lookbackSeconds),
    onTamper: input.onTamper ?? 'seal',
    jitter: formatDuration(policy.jitterSeconds),
    overlap: policy.overlap,
    catchup: formatDuration(policy.catchupSeconds),
    pauseOnFailure: policy.pauseOnFailure,
  };
}

function spell(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : formatDuration(seconds);
}
