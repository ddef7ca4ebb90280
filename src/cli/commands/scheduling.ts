import { Option, type Command } from 'commander';
import { OVERLAPS, type Overlap } from '../../schedule/scheduleSettings';
import { PROCESS_OUTPUT as output } from '../output';
import type { BackfillOptions, CreateOptions } from '../schedule/change';
import { durationArgument, instantArgument } from '../schedule/options';
import { example, finish, jsonOption, type CommonOptions } from './shell';

interface Chosen extends CommonOptions {
  readonly note?: string;
  readonly reason: string;
  readonly overlap: Overlap;
}

/** Loaded when a command runs. */
const ACTIONS = {
  create: (...given: Parameters<typeof import('../schedule/change').create>) => {
    const { create }: typeof import('../schedule/change') = require('../schedule/change');
    return create(...given);
  },
  update: (...given: Parameters<typeof import('../schedule/change').update>) => {
    const { update }: typeof import('../schedule/change') = require('../schedule/change');
    return update(...given);
  },
  act: (...given: Parameters<typeof import('../schedule/change').act>) => {
    const { act }: typeof import('../schedule/change') = require('../schedule/change');
    return act(...given);
  },
  backfill: (...given: Parameters<typeof import('../schedule/change').backfill>) => {
    const { backfill }: typeof import('../schedule/change') = require('../schedule/change');
    return backfill(...given);
  },
  show: (...given: Parameters<typeof import('../schedule/show').show>) => {
    const { show }: typeof import('../schedule/show') = require('../schedule/show');
    return show(...given);
  },
  list: (...given: Parameters<typeof import('../schedule/show').list>) => {
    const { list }: typeof import('../schedule/show') = require('../schedule/show');
    return list(...given);
  },
} as const;

/** `schedule`: Temporal Schedules that seal contiguous windows. docs/schedules.md */
export function addScheduling(program: Command): void {
  const group = program
    .command('schedule')
    .description('seal the log window by window, by Temporal Schedules that leave no gap');
  addChanges(group);
  addViews(group);
  addActions(group);
}

function addChanges(group: Command): void {
  const lines = [
    'audit-snapshot schedule create hourly --every 1h --settle 5m',
    "audit-snapshot schedule create nightly --cron '0 0 * * *' --timezone Europe/Berlin --dry-run",
  ];
  addSettings(named(group, 'create', 'create a schedule; the same again says so and is no error'))
    .option('--paused', 'create it paused')
    .option('--dry-run', 'create nothing: show the next windows, and how many records wait in the first')
    .addHelpText('after', example(...lines))
    .action((id: string, options: CreateOptions) =>
      finish(() => ACTIONS.create(id, options, output), options),
    );
  addSettings(named(group, 'update', 'change settings of a schedule; what is not named stays as it is'))
    .option('--dry-run', 'change nothing: show the next windows, and how many records wait in the first')
    .addHelpText('after', example('audit-snapshot schedule update hourly --every 30m'))
    .action((id: string, options: CreateOptions) =>
      finish(() => ACTIONS.update(id, options, output), options),
    );
}

function addViews(group: Command): void {
  group
    .command('list')
    .description('list the schedules of the namespace that seal')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot schedule list'))
    .action((options: CommonOptions) => finish(() => ACTIONS.list(options, output), options));
  named(
    group,
    'show',
    'show settings, last sealed instant, lag, next runs, and recent runs with their windows',
  )
    .addHelpText('after', example('audit-snapshot schedule show hourly'))
    .action((id: string, options: CommonOptions) => finish(() => ACTIONS.show(id, options, output), options));
}

function addActions(group: Command): void {
  named(group, 'pause', 'start no runs until resume; nothing is lost by it')
    .option('--reason <text>', 'why, for whoever looks at the schedule', 'paused by audit-snapshot')
    .addHelpText('after', example("audit-snapshot schedule pause hourly --reason 'storage is moved'"))
    .action((id: string, options: Chosen) =>
      finish(
        () => ACTIONS.act(id, 'paused', options, output, (all) => all.pause(id, options.reason)),
        options,
      ),
    );
  named(group, 'resume', 'start runs again; the first one seals what was missed')
    .option('--note <text>', 'what the page of the schedule says from now on')
    .addHelpText('after', example('audit-snapshot schedule resume hourly'))
    .action((id: string, options: Chosen) =>
      finish(
        () => ACTIONS.act(id, 'resumed', options, output, (all) => all.resume(id, options.note)),
        options,
      ),
    );
  named(group, 'trigger', 'start a run now: it seals every window that is over and not sealed yet')
    .addOption(
      overlapOption('buffer-one', 'when a run is under way: skip this one, run it behind, or beside'),
    )
    .addHelpText('after', example('audit-snapshot schedule trigger hourly'))
    .action((id: string, options: Chosen) =>
      finish(
        () => ACTIONS.act(id, 'triggered', options, output, (all) => all.trigger(id, options.overlap)),
        options,
      ),
    );
  named(group, 'backfill', 'start runs for past times: they seal what is not sealed yet, and what came late')
    .requiredOption('--from <instant>', 'first time, e.g. 2026-01-31T00:00:00Z', instantArgument)
    .requiredOption('--to <instant>', 'last time, inclusive', instantArgument)
    .addOption(overlapOption('buffer-all', 'one run behind the other, or all at once'))
    .option('--dry-run', 'start nothing: say how many runs it would be')
    .addHelpText(
      'after',
      example(
        'audit-snapshot schedule backfill hourly --from 2026-01-31T00:00:00Z --to 2026-01-31T06:00:00Z',
      ),
    )
    .action((id: string, options: BackfillOptions) =>
      finish(() => ACTIONS.backfill(id, options, output), options),
    );
  named(group, 'delete', 'delete a schedule; what it sealed stays sealed')
    .addHelpText('after', example('audit-snapshot schedule delete hourly'))
    .action((id: string, options: Chosen) =>
      finish(() => ACTIONS.act(id, 'deleted', options, output, (all) => all.delete(id)), options),
    );
}

function named(group: Command, name: string, description: string): Command {
  return group.command(name).description(description).argument('<scheduleId>').addOption(jsonOption());
}

function overlapOption(byDefault: Overlap, text: string): Option {
  return new Option('--overlap <policy>', text).choices(OVERLAPS).default(byDefault);
}

/** Every setting, each optional: what is left out has its default, or stays. */
function addSettings(command: Command): Command {
  const onTamper = 'a record that does not fit its own hash: seal it and say so (default), or fail';
  return command
    .option('--every <duration>', 'windows of this length in UTC: 90s, 15m, 1h, 1d', durationArgument)
    .option(
      '--offset <duration>',
      'with --every: how far behind the full interval they end',
      durationArgument,
    )
    .option('--cron <expression>', 'or windows that end at these times, e.g. "0 0 * * *"')
    .option('--timezone <name>', 'with --cron: the time zone, e.g. Europe/Berlin (default UTC)')
    .option('--settle <duration>', 'how long after its end a window is sealed (default 5m)', durationArgument)
    .option(
      '--lookback <duration>',
      'how far back records that came late are looked for, 0s for never (default 1d)',
      durationArgument,
    )
    .option(
      '--start <instant>',
      'first instant to seal (default: where it ended before, or the begin of the window now)',
      instantArgument,
    )
    .option(
      '--jitter <duration>',
      'start runs later by chance, by at most this (default 0s)',
      durationArgument,
    )
    .addOption(
      new Option('--overlap <policy>', 'when a run is due and one is under way (default buffer-one)').choices(
        OVERLAPS,
      ),
    )
    .option(
      '--catchup <duration>',
      'start runs that Temporal missed, up to this old (default 365d)',
      durationArgument,
    )
    .option('--pause-on-failure', 'pause the schedule when a run fails')
    .option('--no-pause-on-failure', 'leave the schedule running when a run fails (default)')
    .addOption(new Option('--on-tamper <policy>', onTamper).choices(['seal', 'fail']))
    .option('--note <text>', 'what the page of the schedule in the Web UI says');
}
