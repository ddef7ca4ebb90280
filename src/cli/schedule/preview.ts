import { connectDatabase } from '../../mongo/connection';
import { checkSchedule, type CheckedSchedule } from '../../schedule/checkSchedule';
import type { ScheduleSettings } from '../../schedule/scheduleSettings';
import { readDatabaseConfig } from '../../config';
import { snapshotIdOf } from '../../contract/names';
import { jobRange, parseScheduleJob } from '../../contract/scheduleJobIds';
import type { Window } from '../../contract/window';
import type { SnapshotSummary } from '../../ports/snapshotRepository';
import { AuditService } from '../../services/audit.service';
import { planWindow } from '../../schedule/windowPlanning';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';

const WINDOWS_SHOWN = 5;
const COUNT_MS = 10_000;
/** Far behind every job id of a schedule, in time. */
const END_OF_TIME_MS = Date.parse('9999-12-31T23:59:59Z');

/** What a schedule would do next, and how much waits for it. */
export interface Preview {
  /** First instant that this schedule has not sealed. */
  readonly sealedUntil: string;
  /** Its next windows, and when each may be sealed. */
  readonly windows: readonly (Window & { readonly sealedFrom: string })[];
  /** Windows that are over and not sealed. */
  readonly windowsDue: number;
  /** Unsealed records in the first window; null when they take too long to count. */
  readonly recordsWaiting: number | null;
}

/** Looks into the database what a schedule with these settings would seal next. Writes nothing. */
export function preview(settings: ScheduleSettings): Promise<Preview> {
  const checked = checkSchedule(settings.input);
  return withRows(checked.scheduleId, checked.startMs, async (snapshots, records) => {
    const targetMs = checked.boundaries.upTo(Date.now());
    const range = { beginMs: checked.startMs, targetMs: Math.max(targetMs, checked.startMs) };
    const { sealedUntilMs, left } = planWindow(checked, range, snapshots);
    const windows = windowsFrom(checked, sealedUntilMs);
    const [first] = windows;
    return {
      sealedUntil: new Date(sealedUntilMs).toISOString(),
      windows,
      windowsDue: left,
      recordsWaiting: first === undefined ? 0 : await countUnsealed(records, first),
    };
  });
}

/** Where a schedule of this id that was there before ended; undefined when there was none. */
export function formerEnd(scheduleId: string): Promise<string | undefined> {
  return withRows(scheduleId, 0, (snapshots) => {
    const ends = snapshots
      .filter(({ jobId, closed }) => closed && parseScheduleJob(scheduleId, jobId)?.kind === 'window')
      .map(({ window }) => Date.parse(window.to) + 1);
    const end = ends.reduce((latest, ms) => Math.max(latest, ms), -1);
    return Promise.resolve(end < 0 ? undefined : new Date(end).toISOString());
  });
}

async function withRows<T>(
  scheduleId: string,
  fromMs: number,
  read: (snapshots: readonly SnapshotSummary[], records: AuditService) => Promise<T>,
): Promise<T> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const { from, until } = jobRange(scheduleId, fromMs, END_OF_TIME_MS);
    const repository = new MongoSnapshotRepository(connection);
    const snapshots = await repository.listSummaries(snapshotIdOf(from), snapshotIdOf(until));
    return await read(snapshots, new AuditService(connection));
  } finally {
    await connection.close();
  }
}

function windowsFrom({ boundaries, settleMs }: CheckedSchedule, beginMs: number): Preview['windows'] {
  const windows: (Window & { sealedFrom: string })[] = [];
  for (let fromMs = beginMs; windows.length < WINDOWS_SHOWN;) {
    const untilMs = boundaries.after(fromMs);
    windows.push({
      from: new Date(fromMs).toISOString(),
      to: new Date(untilMs - 1).toISOString(),
      sealedFrom: new Date(untilMs + settleMs).toISOString(),
    });
    fromMs = untilMs;
  }
  return windows;
}

async function countUnsealed(records: AuditService, window: Window): Promise<number | null> {
  const signal = AbortSignal.timeout(COUNT_MS);
  try {
    return await records.countUnsealed(window, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
