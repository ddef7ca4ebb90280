import { readLogConfig } from '../../../config';
import { snapshotIdOf } from '../../../contract/names';
import { jobRange, parseScheduleJob } from '../../../contract/scheduleJobIds';
import type { Window } from '../../../contract/window';
import { MongoSnapshotRepository } from '../../../mongo/snapshotRepository';
import type { SnapshotSummary } from '../../../ports/snapshotRepository';
import { checkSchedule, type CheckedSchedule } from '../../../schedule/checkSchedule';
import { describeSettings, type ScheduleSettings } from '../../../schedule/scheduleSettings';
import { planWindow } from '../../../schedule/windowPlanning';
import { AuditService } from '../../../services/audit.service';
import { openDatabase } from '../../connections/database';
import { countUnsealed } from '../../countUnsealed';
import { EXIT, type Output } from '../../output';
import { settingsView } from './settingOptions';

const WINDOWS_SHOWN = 5;
/** Later than every job id of a schedule. */
const END_OF_TIME_MS = Date.parse('9999-12-31T23:59:59Z');

/** What a schedule would do next, and how much is waiting for it. */
export interface Preview {
  /** First instant that this schedule has not sealed. */
  readonly sealedUntil: string;
  /** Its next windows, and when each may be sealed. */
  readonly windows: readonly (Window & { readonly sealedFrom: string })[];
  /** Windows that are over and not sealed. */
  readonly windowsDue: number;
  /** Unsealed records in the first window; null when counting takes too long. */
  readonly recordsWaiting: number | null;
}

/** What a schedule with these settings would seal next, according to the database. Writes nothing. */
export async function preview(settings: ScheduleSettings): Promise<Preview> {
  const checked = checkSchedule(settings.input);
  const { scheduleId, startMs, boundaries } = checked;
  await using database = await openDatabase();
  const snapshots = await listSummaries(database, scheduleId, startMs);
  const targetMs = Math.max(boundaries.upTo(Date.now()), startMs);
  const { sealedUntilMs, left } = planWindow(checked, { beginMs: startMs, targetMs }, snapshots);
  const windows = windowsFrom(checked, sealedUntilMs);
  const [first] = windows;
  const log = new AuditService(database.connection, readLogConfig());
  return {
    sealedUntil: new Date(sealedUntilMs).toISOString(),
    windows,
    windowsDue: left,
    recordsWaiting: first === undefined ? 0 : await countUnsealed(log, first),
  };
}

/** Where an earlier schedule of this id ended; undefined when there was none. */
export async function findFormerEnd(scheduleId: string): Promise<string | undefined> {
  await using database = await openDatabase();
  const snapshots = await listSummaries(database, scheduleId, 0);
  const ends = snapshots
    .filter(({ jobId, closed }) => closed && parseScheduleJob(scheduleId, jobId)?.kind === 'window')
    .map(({ window }) => Date.parse(window.to) + 1);
  const end = ends.reduce((latest, ms) => Math.max(latest, ms), -1);
  return end < 0 ? undefined : new Date(end).toISOString();
}

function listSummaries(
  { connection }: Awaited<ReturnType<typeof openDatabase>>,
  scheduleId: string,
  fromMs: number,
): Promise<readonly SnapshotSummary[]> {
  const { from, until } = jobRange(scheduleId, fromMs, END_OF_TIME_MS);
  return new MongoSnapshotRepository(connection).listSummaries(snapshotIdOf(from), snapshotIdOf(until));
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

/** The dry run of `create` and `update`. */
export async function printPreview(
  settings: ScheduleSettings,
  json: boolean,
  output: Output,
): Promise<number> {
  const found = await preview(settings);
  const { scheduleId } = settings.input;
  const view = { scheduleId, dryRun: true, settings: settingsView(settings), ...found };
  output.result(json ? JSON.stringify(view) : describePreview(settings, found));
  return EXIT.ok;
}

function describePreview(settings: ScheduleSettings, found: Preview): string {
  const { windows, windowsDue, recordsWaiting, sealedUntil } = found;
  return [
    `would be: ${describeSettings(settings)}`,
    `sealed until ${sealedUntil}; ${windowsDue} windows are over and not sealed`,
    `next windows:`,
    ...windows.map(({ from, to, sealedFrom }) => `  ${from} → ${to}  sealed from ${sealedFrom} on`),
    `${recordsWaiting ?? 'very many'} records are waiting in the first one`,
  ].join('\n');
}
