import { boundariesOf, countBoundaries } from '../../schedule/boundaries';
import { checkSchedule } from '../../schedule/checkSchedule';
import {
  DEFAULT_POLICY,
  describeSettings,
  type Overlap,
  type ScheduleSettings,
} from '../../schedule/scheduleSettings';
import { isScheduleId, SCHEDULE_ID_RULE } from '../../contract/scheduleJobIds';
import { SnapshotError } from '../../errors';
import type { AuditSchedules } from '../../temporal/schedules';
import { EXIT, type Output } from '../output';
import { settingsView, withOptions, type SettingOptions } from './options';
import { formerEnd, preview, type Preview } from './preview';
import { withSchedules } from './withSchedules';

export interface CreateOptions extends SettingOptions {
  readonly paused?: boolean;
  readonly dryRun?: boolean;
}

/** Temporal keeps this many runs of a schedule waiting and drops what goes beyond. */
const MAX_BACKFILL = 1_000;

/** Creates a schedule; the same again says so and is no error. SCHEDULE_CONFLICT when one with other settings is there. */
export async function create(scheduleId: string, options: CreateOptions, output: Output): Promise<number> {
  checkId(scheduleId);
  const base = { ...DEFAULT_POLICY, input: { scheduleId, startAt: new Date(0).toISOString() } };
  const unplaced = withOptions(base, options);
  checkSchedule(unplaced.input);
  const startAt = options.start ?? (await defaultStart(unplaced));
  const settings = { ...unplaced, input: { ...unplaced.input, startAt } };
  if (options.dryRun === true) return showPreview(settings, options, output);
  const created = await withSchedules((schedules) =>
    schedules.create(settings, {
      paused: options.paused === true,
      sameStart: options.start !== undefined,
      ...(options.note === undefined ? {} : { note: options.note }),
    }),
  );
  const view = { scheduleId, created, settings: settingsView(settings) };
  const text = created
    ? `created schedule ${scheduleId}${options.paused === true ? ', paused' : ''}. ${describeSettings(settings)}`
    : `schedule ${scheduleId} is there already, with the same settings`;
  return say(output, options, view, text);
}

/** Where a schedule of that name ended before, so that deleting and creating it again leaves no gap; else the window that is open now. */
async function defaultStart({ input }: ScheduleSettings): Promise<string> {
  return (await formerEnd(input.scheduleId)) ?? new Date(boundariesOf(input).upTo(Date.now())).toISOString();
}

/** Changes settings of a schedule; what is not named stays. */
export async function update(scheduleId: string, options: CreateOptions, output: Output): Promise<number> {
  checkId(scheduleId);
  return withSchedules(async (schedules) => {
    if (options.dryRun === true) {
      const { settings: known } = await schedules.find(scheduleId);
      return showPreview(withOptions(known, options), options, output);
    }
    const settings = await schedules.update(scheduleId, (known) => withOptions(known, options), options.note);
    const view = { scheduleId, settings: settingsView(settings) };
    return say(output, options, view, `updated schedule ${scheduleId}. ${describeSettings(settings)}`);
  });
}

/** Pauses, resumes, triggers or deletes. */
export async function act(
  scheduleId: string,
  done: 'paused' | 'resumed' | 'triggered' | 'deleted',
  options: { readonly json?: boolean },
  output: Output,
  run: (schedules: AuditSchedules) => Promise<void>,
): Promise<number> {
  checkId(scheduleId);
  await withSchedules(run);
  const next = {
    paused: 'nothing is lost: the first run after resume seals everything since the last sealed instant',
    resumed: `the next run seals what was missed; at once with: audit-snapshot schedule trigger ${scheduleId}`,
    triggered: `follow it with: audit-snapshot schedule show ${scheduleId}`,
    deleted: 'runs under way go on; created again under this name, it goes on where it ended',
  }[done];
  return say(output, options, { scheduleId, done }, `${done} schedule ${scheduleId}; ${next}`);
}

export interface BackfillOptions {
  readonly from: string;
  readonly to: string;
  readonly overlap: Overlap;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Starts the runs of past times again: sealed windows are checked for late records, unsealed ones are sealed. */
export async function backfill(
  scheduleId: string,
  options: BackfillOptions,
  output: Output,
): Promise<number> {
  checkId(scheduleId);
  return withSchedules(async (schedules) => {
    const { settings } = await schedules.find(scheduleId);
    const runs = countRuns(settings, options);
    const view = { scheduleId, from: options.from, to: options.to, runs };
    if (options.dryRun === true) {
      const { windowsDue } = await preview(settings);
      const text = `would start ${runs} runs of schedule ${scheduleId}; ${windowsDue} windows that are over are not sealed`;
      return say(output, options, { ...view, windowsDue }, text);
    }
    await schedules.backfill(scheduleId, new Date(options.from), new Date(options.to), options.overlap);
    const text = `started ${runs} runs of schedule ${scheduleId}, for its times from ${options.from} to ${options.to}`;
    return say(output, options, view, text);
  });
}

function countRuns(
  { input }: ScheduleSettings,
  { from, to }: { readonly from: string; readonly to: string },
): number {
  const { scheduleId, startAt } = input;
  const refuse = (message: string) =>
    new SnapshotError('USAGE_INVALID', `schedule ${scheduleId}: ${message}`);
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs > toMs) throw refuse(`--from ${from} lies after --to ${to}`);
  if (toMs > Date.now()) throw refuse(`--to ${to} is still to come`);
  if (fromMs < Date.parse(startAt))
    throw refuse(
      `it seals from ${startAt} on; to seal earlier windows: audit-snapshot schedule update ${scheduleId} --start ${from}`,
    );
  const runs = countBoundaries(boundariesOf(input), fromMs, toMs + 1, MAX_BACKFILL + 1);
  if (runs === 0) throw refuse(`none of its times lies between ${from} and ${to}`);
  if (runs > MAX_BACKFILL)
    throw refuse(
      `more than ${MAX_BACKFILL} of its times lie between ${from} and ${to}; one run seals every window since the last sealed instant, so a later --from is enough`,
    );
  return runs;
}

async function showPreview(
  settings: ScheduleSettings,
  options: CreateOptions,
  output: Output,
): Promise<number> {
  const found = await preview(settings);
  const view = {
    scheduleId: settings.input.scheduleId,
    dryRun: true,
    settings: settingsView(settings),
    ...found,
  };
  return say(output, options, view, describePreview(settings, found));
}

function describePreview(settings: ScheduleSettings, found: Preview): string {
  const { windows, windowsDue, recordsWaiting, sealedUntil } = found;
  return [
    `would be: ${describeSettings(settings)}`,
    `sealed until ${sealedUntil}; ${windowsDue} windows are over and not sealed`,
    `next windows:`,
    ...windows.map(({ from, to, sealedFrom }) => `  ${from} → ${to}  sealed from ${sealedFrom} on`),
    `${recordsWaiting ?? 'very many'} records wait in the first`,
  ].join('\n');
}

function checkId(scheduleId: string): void {
  if (isScheduleId(scheduleId)) return;
  throw new SnapshotError('USAGE_INVALID', `the id of a schedule is ${SCHEDULE_ID_RULE}`);
}

function say(output: Output, { json }: { readonly json?: boolean }, view: object, text: string): number {
  output.result(json === true ? JSON.stringify(view) : text);
  return EXIT.ok;
}
