import { jobRange, parseScheduleJob } from '../../contract/scheduleJobIds';
import { snapshotIdOf } from '../../contract/names';
import { boundsOf, formatInstant } from '../../contract/window';
import type { ProbeGauges } from '../../monitoring/metrics';
import type { RecordSource } from '../../ports/recordSource';
import type { SnapshotRepository } from '../../ports/snapshotRepository';
import { checkSchedule, type CheckedSchedule } from '../../schedule/checkSchedule';
import type { AuditSchedules } from '../../temporal/schedules';
import type { Probe } from './probe';

export interface ScheduleProbeDeps {
  readonly schedules: Pick<AuditSchedules, 'list' | 'find'>;
  readonly snapshots: Pick<SnapshotRepository, 'listSummaries'>;
  readonly records: Pick<RecordSource, 'countUnsealed'>;
  readonly gauges: Pick<ProbeGauges, 'sealedUntil' | 'paused' | 'interval' | 'unsealed'>;
  readonly nowMs: () => number;
}

const COUNT_MS = 5_000;
/** Boundaries that are compared for the longest time between two of them: more than a week of a daily schedule. */
const BOUNDARIES = 10;
/** How many intervals of rows the first look reads; each further look goes back this many times as far. */
const FIRST_LOOK = 16;

/**
 * For each schedule: whether it is paused, its interval, up to which log time it has sealed, and how many records wait.
 * A schedule that has sealed nothing counts as sealed up to its start, so that one that never runs is noticed.
 */
export function scheduleProbe(deps: ScheduleProbeDeps): Probe {
  const shown = new Set<string>();
  return {
    name: 'schedules',
    measure: async (signal) => {
      const listed = (await deps.schedules.list()).map(({ scheduleId }) => scheduleId);
      for (const scheduleId of listed) {
        signal.throwIfAborted();
        shown.add(scheduleId);
        await measureSchedule(deps, scheduleId, signal);
      }
      for (const scheduleId of shown)
        if (!listed.includes(scheduleId)) {
          shown.delete(scheduleId);
          const { sealedUntil: until, paused, interval, unsealed } = deps.gauges;
          for (const gauge of [until, paused, interval, unsealed]) gauge.remove({ schedule: scheduleId });
        }
    },
  };
}

async function measureSchedule(
  deps: ScheduleProbeDeps,
  scheduleId: string,
  signal: AbortSignal,
): Promise<void> {
  const { gauges, nowMs } = deps;
  const { settings, description } = await deps.schedules.find(scheduleId);
  const schedule = checkSchedule(settings.input);
  const labels = { schedule: scheduleId };
  gauges.paused.set(labels, description.state.paused ? 1 : 0);
  const intervalMs = longestInterval(schedule, nowMs());
  gauges.interval.set(labels, intervalMs / 1000);
  const sealedUntilMs = await sealedUntil(deps, schedule, intervalMs);
  gauges.sealedUntil.set(labels, sealedUntilMs / 1000);
  const waiting = await countWaiting(deps, sealedUntilMs, signal);
  if (waiting !== undefined) gauges.unsealed.set(labels, waiting);
}

function longestInterval({ boundaries }: CheckedSchedule, nowMs: number): number {
  let longestMs = 0;
  let lastMs = boundaries.upTo(nowMs);
  for (let count = 0; count < BOUNDARIES; count++) {
    const nextMs = boundaries.after(lastMs);
    longestMs = Math.max(longestMs, nextMs - lastMs);
    lastMs = nextMs;
  }
  return longestMs;
}

/**
 * The end of the windows that the schedule has sealed without a gap. Runs seal in order, so it is read from the newest rows:
 * the look goes back further only while it finds no closed one.
 */
async function sealedUntil(
  { snapshots, nowMs }: ScheduleProbeDeps,
  { scheduleId, startMs }: CheckedSchedule,
  intervalMs: number,
): Promise<number> {
  const untilMs = nowMs();
  for (let lookMs = FIRST_LOOK * intervalMs; ; lookMs *= FIRST_LOOK) {
    const fromMs = Math.max(startMs, untilMs - lookMs);
    if (fromMs >= untilMs) return startMs;
    // Job ids are made of whole seconds.
    const ids = jobRange(scheduleId, Math.floor(fromMs / 1000) * 1000, Math.ceil(untilMs / 1000) * 1000);
    const rows = await snapshots.listSummaries(snapshotIdOf(ids.from), snapshotIdOf(ids.until));
    const closed = rows
      .filter((row) => row.closed && parseScheduleJob(scheduleId, row.jobId)?.kind === 'window')
      .map(({ window }) => boundsOf(window))
      .toSorted((left, right) => left.fromMs - right.fromMs);
    const [first] = closed;
    if (first) {
      let endMs = first.untilMs;
      for (const window of closed) if (window.fromMs <= endMs) endMs = Math.max(endMs, window.untilMs);
      return endMs;
    }
    if (fromMs === startMs) return startMs;
  }
}

/** Undefined when counting takes too long: the last known number is kept then. */
async function countWaiting(
  { records, nowMs }: ScheduleProbeDeps,
  sealedUntilMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (sealedUntilMs >= nowMs()) return 0;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(COUNT_MS)]);
  try {
    return await records.countUnsealed(
      { from: formatInstant(sealedUntilMs), to: formatInstant(nowMs()) },
      limit,
    );
  } catch (error) {
    if (limit.aborted && !signal.aborted) return undefined;
    throw error;
  }
}
