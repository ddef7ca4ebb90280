import { Option, type Command } from 'commander';
import { SnapshotError } from '../../../errors';
import { boundariesOf, countBoundaries } from '../../../schedule/boundaries';
import type { ScheduleSettings } from '../../../schedule/scheduleSettings';
import { action } from '../../action';
import { openSchedules } from '../../connections/schedules';
import { example, jsonOption, parseInstantOption, type JsonOption } from '../../options';
import { EXIT, type Output } from '../../output';
import { preview } from './preview';
import { requireScheduleId } from './requireScheduleId';

/** The other policies would drop runs that the user asked for. */
const OVERLAPS = ['buffer-all', 'allow-all'] as const;

interface BackfillOptions extends JsonOption {
  readonly from: string;
  readonly to: string;
  readonly overlap: (typeof OVERLAPS)[number];
  readonly dryRun?: boolean;
}

/** Temporal buffers this many runs of a schedule and drops the ones beyond. */
const MAX_RUNS = 1_000;

/** `schedule backfill`: the runs of past times once more. */
export function define(command: Command): void {
  command
    .description('start runs for past times; they seal what is not sealed yet, and late records')
    .argument('<scheduleId>')
    .requiredOption('--from <instant>', 'first time, e.g. 2026-01-31T00:00:00Z', parseInstantOption)
    .requiredOption('--to <instant>', 'last time, inclusive', parseInstantOption)
    .addOption(
      new Option(
        '--overlap <policy>',
        'start the runs one after the other (buffer-all) or at once (allow-all)',
      )
        .choices(OVERLAPS)
        .default('buffer-all'),
    )
    .option('--dry-run', 'start nothing; print how many runs would start')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example(
        'audit-snapshot schedule backfill hourly --from 2026-01-31T00:00:00Z --to 2026-01-31T06:00:00Z',
      ),
    )
    .action(action(backfill));
}

async function backfill(scheduleId: string, options: BackfillOptions, output: Output): Promise<number> {
  requireScheduleId(scheduleId);
  const { from, to, overlap, json = false } = options;
  await using temporal = await openSchedules();
  const { schedules } = temporal;
  const { settings } = await schedules.find(scheduleId);
  const runs = countRuns(settings, options);
  const view = { scheduleId, from, to, runs };
  if (options.dryRun === true) {
    const { windowsDue } = await preview(settings);
    const text = `would start ${runs} runs of schedule ${scheduleId}; ${windowsDue} windows that are over are not sealed`;
    output.result(json ? JSON.stringify({ ...view, windowsDue }) : text);
    return EXIT.ok;
  }
  await schedules.backfill(scheduleId, new Date(from), new Date(to), overlap);
  const text = `started ${runs} runs of schedule ${scheduleId}, for its times from ${from} to ${to}`;
  output.result(json ? JSON.stringify(view) : text);
  return EXIT.ok;
}

/** The number of runs, from 1 to 1000. USAGE_INVALID says what to ask for instead. */
function countRuns({ input }: ScheduleSettings, { from, to }: BackfillOptions): number {
  const { scheduleId, startAt } = input;
  const refuse = (message: string) =>
    new SnapshotError('USAGE_INVALID', `schedule ${scheduleId}: ${message}`);
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs > toMs) throw refuse(`--from ${from} is after --to ${to}`);
  if (toMs > Date.now()) throw refuse(`--to ${to} is in the future`);
  if (fromMs < Date.parse(startAt)) {
    const update = `audit-snapshot schedule update ${scheduleId} --start ${from}`;
    throw refuse(`it seals from ${startAt} on; to seal earlier windows: ${update}`);
  }
  const runs = countBoundaries(boundariesOf(input), fromMs, toMs + 1, MAX_RUNS + 1);
  if (runs === 0) throw refuse(`none of its times is between ${from} and ${to}`);
  if (runs > MAX_RUNS) {
    const advice = 'one run seals every window since the last sealed instant, so a later --from is enough';
    throw refuse(`more than ${MAX_RUNS} of its times are between ${from} and ${to}; ${advice}`);
  }
  return runs;
}
