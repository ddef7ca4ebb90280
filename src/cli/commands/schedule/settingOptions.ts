import { Option, type Command } from 'commander';
import type { AuditScheduleInput } from '../../../contract/schedule';
import { givenPolicy } from '../../../contract/timePolicy';
import type { OnTamper } from '../../../contract/snapshot';
import { SnapshotError } from '../../../errors';
import { formatDuration } from '../../../schedule/duration';
import { OVERLAPS, type Overlap, type ScheduleSettings } from '../../../schedule/scheduleSettings';
import {
  addPolicyOptions,
  onTamperOption,
  parseDurationOption,
  parseInstantOption,
  policyOf,
  type JsonOption,
  type PolicyOptions,
} from '../../options';

/** What `create` and `update` take; durations in seconds. */
export interface SettingOptions extends JsonOption, PolicyOptions {
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
  readonly dryRun?: boolean;
}

const DURATIONS: readonly (readonly [flags: string, description: string, byDefault?: string])[] = [
  ['--every <duration>', 'seal windows of this length, in UTC: 90s, 15m, 1h, 1d'],
  ['--offset <duration>', 'with --every: how much later the windows end, e.g. 10m for 10:10'],
  ['--settle <duration>', 'how long after its end a window is sealed', '5m'],
  ['--lookback <duration>', 'how far back to search for late records; 0s turns this off', '1d'],
  ['--jitter <duration>', 'delay each run by a random time up to this one', '0s'],
  ['--catchup <duration>', 'maximum age of a missed run that Temporal still starts', '365d'],
];

/**
 * Adds an option for every setting, each optional. The help names the defaults only if `isNew`: a setting of an existing
 * schedule stays as it is.
 */
export function addSettingOptions(command: Command, { isNew }: { readonly isNew: boolean }): Command {
  const byDefault = (value: string | undefined) =>
    isNew && value !== undefined ? ` (default: ${value})` : '';
  for (const [flags, description, value] of DURATIONS)
    command.option(flags, `${description}${byDefault(value)}`, parseDurationOption);
  return addPolicyOptions(command, { isNew })
    .option(
      '--cron <expression>',
      'instead of --every: windows end at the times of this cron expression, e.g. "0 0 * * *"',
    )
    .option('--timezone <name>', `with --cron: the time zone, e.g. Europe/Berlin${byDefault('UTC')}`)
    .option(
      '--start <instant>',
      isNew
        ? `log time at which sealing starts${byDefault('where an earlier schedule of this name ended, or the start of the current window')}`
        : 'log time at which sealing starts; it can only be moved to an earlier time',
      parseInstantOption,
    )
    .addOption(
      overlapOption(
        `what to do with a run that is due while another one is running: skip it, start one run afterwards (buffer-one) or every run (buffer-all), or start it at once (allow-all)${byDefault('buffer-one')}`,
      ),
    )
    .option('--pause-on-failure', 'pause the schedule when a run fails')
    .option('--no-pause-on-failure', `do not pause the schedule when a run fails${isNew ? ' (default)' : ''}`)
    .addOption(onTamperOption(byDefault('seal')))
    .option('--note <text>', 'note on the page of the schedule in the Web UI');
}

/** The option `--overlap` with the overlap policies of Temporal. */
export function overlapOption(description: string): Option {
  return new Option('--overlap <policy>', description).choices(OVERLAPS);
}

/** Settings with those of the command line in place of the known ones; a new cadence replaces the former one as a whole. */
export function withOptions(known: ScheduleSettings, options: SettingOptions): ScheduleSettings {
  const { input, jitterSeconds, overlap, catchupSeconds, pauseOnFailure } = known;
  return {
    input: {
      scheduleId: input.scheduleId,
      ...givenPolicy(input),
      ...policyOf(options),
      ...cadenceOf(input, options),
      startAt: options.start ?? input.startAt,
      ...given('settleSeconds', options.settle ?? input.settleSeconds),
      ...given('lookbackSeconds', options.lookback ?? input.lookbackSeconds),
      ...given('onTamper', options.onTamper ?? input.onTamper),
    },
    jitterSeconds: options.jitter ?? jitterSeconds,
    overlap: options.overlap ?? overlap,
    catchupSeconds: options.catchup ?? catchupSeconds,
    pauseOnFailure: options.pauseOnFailure ?? pauseOnFailure,
  };
}

function cadenceOf(
  known: AuditScheduleInput,
  { every, offset, cron, timezone }: SettingOptions,
): Partial<AuditScheduleInput> {
  if (every !== undefined && cron !== undefined)
    throw new SnapshotError('USAGE_INVALID', '--every and --cron do not go together');
  const former = every === undefined && cron === undefined ? known : undefined;
  return {
    ...given('everySeconds', every ?? former?.everySeconds),
    ...given('offsetSeconds', offset ?? former?.offsetSeconds),
    ...given('cron', cron ?? former?.cron),
    ...given('timezone', timezone ?? former?.timezone),
  };
}

function given<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}

/** Settings as `--json` prints them, with durations such as `1h30m`. */
export function settingsView({ input, ...policy }: ScheduleSettings): Record<string, unknown> {
  return {
    every: durationView(input.everySeconds),
    offset: durationView(input.offsetSeconds),
    cron: input.cron,
    timezone: input.timezone,
    start: input.startAt,
    settle: durationView(input.settleSeconds),
    lookback: durationView(input.lookbackSeconds),
    onTamper: input.onTamper ?? 'seal',
    maxAttempts: input.maxAttempts,
    attemptTimeout: durationView(input.timeoutSeconds),
    totalTimeout: durationView(input.totalTimeoutSeconds),
    jitter: formatDuration(policy.jitterSeconds),
    overlap: policy.overlap,
    catchup: formatDuration(policy.catchupSeconds),
    pauseOnFailure: policy.pauseOnFailure,
  };
}

function durationView(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : formatDuration(seconds);
}
