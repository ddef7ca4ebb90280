import type { Command } from 'commander';
import { formatDuration } from '../../../schedule/duration';
import { describeSettings } from '../../../schedule/scheduleSettings';
import { readRuns, sealedUntilOf, type ScheduleRun } from '../../../temporal/scheduleRuns';
import type { KnownSchedule } from '../../../temporal/schedules';
import { action } from '../../action';
import { openSchedules } from '../../connections/schedules';
import { example, jsonOption, type JsonOption } from '../../options';
import { EXIT, type Output } from '../../output';
import { settingsView } from './settingOptions';

const NEXT_SHOWN = 5;
const WINDOWS_SHOWN = 3;

/** `schedule show`: settings, progress and runs of one schedule. */
export function define(command: Command): void {
  command
    .description('show settings, last sealed instant, lag, next runs, and recent runs with their windows')
    .argument('<scheduleId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot schedule show hourly'))
    .action(action(show));
}

async function show(scheduleId: string, { json = false }: JsonOption, output: Output): Promise<number> {
  await using temporal = await openSchedules();
  const known = await temporal.schedules.find(scheduleId);
  const runs = await readRuns(temporal.client, known.description);
  const view = viewOf(known, runs, Date.now());
  output.result(json ? JSON.stringify(view) : describe(known, view));
  return EXIT.ok;
}

function viewOf({ settings, description }: KnownSchedule, runs: readonly ScheduleRun[], nowMs: number) {
  const { state, info } = description;
  const sealedUntil = sealedUntilOf(runs);
  const lagMs = nowMs - Date.parse(sealedUntil ?? settings.input.startAt);
  return {
    scheduleId: description.scheduleId,
    state: state.paused ? 'paused' : 'active',
    note: state.note ?? null,
    settings: settingsView(settings),
    /** Null when none of the recent runs has reported how far it came. */
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

function describe({ settings }: KnownSchedule, view: ReturnType<typeof viewOf>): string {
  const { counts, note, sealedUntil, nextRuns } = view;
  const described = describeSettings(settings);
  return [
    `schedule ${view.scheduleId}, ${view.state}`,
    described,
    // Until an operator writes another one, the note in the Web UI is this very description.
    ...(note === null || note === described ? [] : [`note: ${note}`]),
    describePolicy(settings),
    `sealed until ${sealedUntil ?? 'unknown from its recent runs'}, lag ${formatDuration(view.lagSeconds)}`,
    `next runs: ${nextRuns.join(', ') || 'none'}`,
    `runs: ${counts.started} started, ${counts.skippedByOverlap} skipped by overlap, ${counts.missedByCatchup} missed by catch-up`,
    ...view.runs.flatMap(describeRun),
  ].join('\n');
}

function describePolicy(settings: KnownSchedule['settings']): string {
  const { input, overlap, jitterSeconds, catchupSeconds, pauseOnFailure } = settings;
  return [
    `on tamper ${input.onTamper ?? 'seal'}`,
    `overlap ${overlap}`,
    `jitter ${formatDuration(jitterSeconds)}`,
    `catch-up ${formatDuration(catchupSeconds)}`,
    `pause on failure ${pauseOnFailure ? 'yes' : 'no'}`,
  ].join(', ');
}

type Sealed = NonNullable<ScheduleRun['sealed']>;

function describeRun({ workflowId, nominalTime, status, sealed, failure }: ScheduleRun): readonly string[] {
  const outcome = sealed === null ? 'no worker reports its progress' : describeSealed(sealed);
  return [
    `  ${nominalTime ?? 'no nominal time'}  ${status.padEnd(9)}  ${outcome}  ${workflowId}`,
    ...(failure ? [`    ${failure.code}: ${failure.message}`] : []),
    ...(sealed?.windows ?? []).slice(-WINDOWS_SHOWN).map((job) => `    ${describeJob(job)}`),
    ...(sealed?.late ?? []).map((job) => `    late, ${describeJob(job)}`),
  ];
}

function describeSealed({ windowCount, recordCount, lateCount, findingCount }: Sealed): string {
  return `${windowCount} windows, ${recordCount} records, ${lateCount} late, findings ${findingCount}`;
}

function describeJob({ window, recordCount, jobId }: Sealed['windows'][number]): string {
  return `${window.from} → ${window.to}  ${recordCount} records  ${jobId}`;
}
