import { DEFAULT_TIME_POLICY } from '../contract/snapshot';
import {
  DEFAULT_LOOKBACK_SECONDS,
  DEFAULT_SETTLE_SECONDS,
  type AuditScheduleInput,
} from '../contract/schedule';
import { formatDuration } from './duration';

/**
 * What happens when a run is due while another one is still running. No window depends on it: the next run seals
 * everything since the last sealed instant. Policies that stop a running run are not offered.
 */
export const OVERLAPS = ['skip', 'buffer-one', 'buffer-all', 'allow-all'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** All settings of a schedule; the input decides the windows, the rest when runs begin. */
export interface ScheduleSettings {
  readonly input: AuditScheduleInput;
  readonly jitterSeconds: number;
  readonly overlap: Overlap;
  /** How late Temporal may still start a run that it could not start in time. */
  readonly catchupSeconds: number;
  readonly pauseOnFailure: boolean;
}

/** Defaults of the settings that are not in {@link AuditScheduleInput}. */
export const DEFAULT_POLICY = {
  jitterSeconds: 0,
  overlap: 'buffer-one',
  catchupSeconds: 365 * 86_400,
  pauseOnFailure: false,
} as const satisfies Omit<ScheduleSettings, 'input'>;

/** Where windows end, in words: `every 1h`, `at 0 0 * * * in Europe/Berlin`. */
export function describeCadence({ everySeconds, offsetSeconds, cron, timezone }: AuditScheduleInput): string {
  if (everySeconds === undefined) return `at ${cron ?? 'no time'} in ${timezone ?? 'UTC'}`;
  const offset = offsetSeconds ?? 0;
  return `every ${formatDuration(everySeconds)}${offset === 0 ? '' : `, ${formatDuration(offset)} past`}`;
}

/** One sentence for the schedule's page in the Web UI. */
export function describeSettings({ input }: ScheduleSettings): string {
  const { settleSeconds = DEFAULT_SETTLE_SECONDS, lookbackSeconds = DEFAULT_LOOKBACK_SECONDS } = input;
  const late =
    lookbackSeconds === 0
      ? 'records that arrive late are not sealed'
      : `together with records that arrived late in the ${formatDuration(lookbackSeconds)} before it`;
  return `Seals the audit log from ${input.startAt} on, windows end ${describeCadence(input)}; each is sealed ${formatDuration(settleSeconds)} after its end, ${late}.`;
}

/** The members in which two settings differ, as `name: known → wanted`, with defaults filled in. */
export function differences(known: ScheduleSettings, wanted: ScheduleSettings): string[] {
  const [left, right] = [flat(known), flat(wanted)];
  return Object.keys({ ...left, ...right })
    .filter((name) => left[name] !== right[name])
    .map((name) => `${name}: ${left[name] ?? 'none'} → ${right[name] ?? 'none'}`);
}

function flat({ input, ...policy }: ScheduleSettings): Record<string, string> {
  const defaults = {
    settleSeconds: DEFAULT_SETTLE_SECONDS,
    lookbackSeconds: DEFAULT_LOOKBACK_SECONDS,
    onTamper: 'seal',
    ...DEFAULT_TIME_POLICY,
    ...(input.cron === undefined ? { offsetSeconds: 0 } : { timezone: 'UTC' }),
  };
  const members = Object.entries({ ...defaults, ...input, ...policy });
  return Object.fromEntries(
    members.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]),
  );
}
