import type { ScheduleSummary } from '@temporalio/client';
import { formatDuration } from '../../schedule/duration';
import { describeCadence, describeSettings } from '../../schedule/scheduleSettings';
import { readRuns, sealedUntilOf, type ScheduleRun } from '../../temporal/scheduleRuns';
import type { KnownSchedule } from '../../temporal/schedules';
import { EXIT, type Output } from '../output';
import { settingsView } from './options';
import { withSchedules } from './withSchedules';

const NEXT_SHOWN = 5;

/** Shows a schedule: its settings, how far it has sealed, its next and its recent runs with their windows. */
export async function show(
  scheduleId: string,
  { json }: { readonly json?: boolean },
  output: Output,
): Promise<number> {
  return withSchedules(async (schedules, client) => {
    const known = await schedules.find(scheduleId);
    const runs = await readRuns(client, known.description);
    const view = viewOf(known, runs, Date.now());
    output.result(json === true ? JSON.stringify(view) : describeView(known, view));
    return EXIT.ok;
  });
}

/** Lists the schedules of the namespace that seal. */
export async function list({ json }: { readonly json?: boolean }, output: Output): Promise<number> {
  const found = await withSchedules((schedules) => schedules.list());
  const lines = found
    .map(lineOf)
    .toSorted((left, right) => left.scheduleId.localeCompare(right.scheduleId, 'en'));
  const width = Math.max(0, ...lines.map(({ scheduleId }) => scheduleId.length));
  const text = lines.map(
    ({ scheduleId, state, windowsEnd, nextRun }) =>
      `${scheduleId.padEnd(width)}  ${state.padEnd(6)}  windows end ${windowsEnd}  next run ${nextRun ?? 'none'}`,
  );
  const none = 'there is no schedule; create one with: audit-snapshot schedule create <id> --every 1h';
  output.result(json === true ? JSON.stringify({ schedules: lines }) : text.join('\n') || none);
  return EXIT.ok;
}

function lineOf({ scheduleId, state, spec, info }: ScheduleSummary) {
  const [interval] = spec?.intervals ?? [];
  const [calendar] = spec?.calendars ?? [];
  const windowsEnd = interval
    ? describeCadence({
        ...NO_INPUT,
        everySeconds: interval.every / 1000,
        offsetSeconds: interval.offset / 1000,
      })
    : describeCadence({ ...NO_INPUT, cron: calendar?.comment ?? '?', timezone: spec?.timezone ?? 'UTC' });
  return {
    scheduleId,
    state: state.paused ? 'paused' : 'active',
    windowsEnd,
    note: state.note ?? null,
    nextRun: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    lastRun: info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
  };
}

const NO_INPUT = { scheduleId: '', startAt: '' };

function viewOf({ settings, description }: KnownSchedule, runs: readonly ScheduleRun[], nowMs: number) {
  const { state, info } = description;
  const sealedUntil = sealedUntilOf(runs);
  const lagMs = nowMs - Date.parse(sealedUntil ?? settings.input.startAt);
  return {
    scheduleId: description.scheduleId,
    state: state.paused ? 'paused' : 'active',
    note: state.note ?? null,
    settings: settingsView(settings),
    /** Null: none of the recent runs has said how far it came. */
    sealedUntil,
    lagSeconds: Math.max(0, Math.round(lagMs / 1000)),
    nextRuns: state.paused ? [] : info.nextActionTimes.slice(0, NEXT_SHOWN).map((time) => time.toISOString()),
    runs,
    counts: {
      started: info.numActionsTaken,
      skippedByOverlap: info.numActionsSkippedOverlap,
      missedByCatchup: info.numActionsMissedCatchupWindow,
    },
  };
}

function describeView({ settings }: KnownSchedule, view: ReturnType<typeof viewOf>): string {
  const { jitterSeconds, overlap, catchupSeconds, pauseOnFailure, input } = settings;
  const { counts } = view;
  const described = describeSettings(settings);
  // Until somebody writes another one, the note that the Web UI shows is this very description.
  const note = view.note === null || view.note === described ? [] : [`note: ${view.note}`];
  return [
    `schedule ${view.scheduleId}, ${view.state}`,
    described,
    ...note,
    `on tamper ${input.onTamper ?? 'seal'}, overlap ${overlap}, jitter ${formatDuration(jitterSeconds)}, catch-up ${formatDuration(catchupSeconds)}, pause on failure ${pauseOnFailure ? 'yes' : 'no'}`,
    `sealed until ${view.sealedUntil ?? 'not known from its recent runs'}, lag ${formatDuration(view.lagSeconds)}`,
    `next runs: ${view.nextRuns.join(', ') || 'none'}`,
    `runs: ${counts.started} started, ${counts.skippedByOverlap} skipped by overlap, ${counts.missedByCatchup} missed by catch-up`,
    ...view.runs.flatMap(describeRun),
  ].join('\n');
}

function describeRun({ workflowId, nominalTime, status, sealed, failure }: ScheduleRun): string[] {
  const what =
    sealed === null
      ? 'no worker says how far it is'
      : `${sealed.windowCount} windows, ${sealed.recordCount} records, ${sealed.lateCount} late, findings ${sealed.findingCount}`;
  return [
    `  ${nominalTime ?? 'no nominal time'}  ${status.padEnd(9)}  ${what}  ${workflowId}`,
    ...(failure ? [`    ${failure.code}: ${failure.message}`] : []),
    ...(sealed?.windows ?? [])
      .slice(-3)
      .map(
        ({ window, recordCount, jobId }) =>
          `    ${window.from} → ${window.to}  ${recordCount} records  ${jobId}`,
      ),
    ...(sealed?.late ?? []).map(
      ({ window, recordCount, jobId }) =>
        `    late, ${window.from} → ${window.to}  ${recordCount} records  ${jobId}`,
    ),
  ];
}
