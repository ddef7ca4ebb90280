import { Command, Help, type Option } from 'commander';
import { addLazyCommand, type CommandFile } from './lazyCommand';
import { VERSION } from '../version';

const EXIT_CODES =
  'Exit codes: 0 done, verified or healthy; 1 error; 2 invalid command, window or configuration; 3 invalid evidence; 4 incomplete evidence, log time not covered, or key not pinned; 5 credentials refused; 6 sealing needs attention.';

type Entry = readonly [name: string, summary: string, load: () => CommandFile];

/** Every command under its heading in `--help`. What a command does, and with which options, is in its own file. */
const COMMANDS: Readonly<Record<string, readonly Entry[]>> = {
  'Sealing:': [
    ['seal', 'seal the records of a window and follow the run', () => require('./commands/seal')],
    ['watch', 'attach to the run of a job and wait for its result', () => require('./commands/watch')],
    ['cancel', 'cancel a job that has not begun to sign', () => require('./commands/cancel')],
    ['retry', 'start a job again that has not succeeded', () => require('./commands/retry')],
    [
      'schedule',
      'manage Temporal Schedules that seal one window after another, without a gap',
      () => require('./commands/schedule'),
    ],
  ],
  'Status:': [
    [
      'status',
      'show whether sealing needs attention: lag, gaps, unsealed records',
      () => require('./commands/status'),
    ],
    ['list', 'list jobs, newest first', () => require('./commands/list')],
    ['show', 'show everything about one job and its snapshot', () => require('./commands/show')],
    [
      'findings',
      'list and acknowledge sealed records that did not match their own hash',
      () => require('./commands/findings'),
    ],
    ['left-out', 'list and acknowledge records that sealing leaves out', () => require('./commands/leftOut')],
  ],
  'Evidence:': [
    [
      'verify',
      'verify a snapshot, a directory, a proof or the whole bucket',
      () => require('./commands/verify'),
    ],
    ['coverage', 'show which log time is sealed, empty or missing', () => require('./commands/coverage')],
    ['report', 'verify evidence, and write one HTML page for auditors', () => require('./commands/report')],
    [
      'consistency',
      'print the proof that the ledger only grew between two sizes',
      () => require('./commands/consistency'),
    ],
    ['prove', 'write the proof that one record is sealed', () => require('./commands/prove')],
    ['export', 'copy snapshots and the ledger to a directory', () => require('./commands/export')],
    ['cat', 'print the records of a snapshot', () => require('./commands/cat')],
    ['keys', 'write the public keys that verify the evidence', () => require('./commands/keys')],
  ],
  'Retention:': [
    ['retention', 'lock the objects of a snapshot for longer', () => require('./commands/retention')],
    ['hold', 'put a snapshot under legal hold, or remove the hold', () => require('./commands/hold')],
  ],
  'Operation:': [
    ['worker', 'run worker processes until SIGTERM', () => require('./commands/worker')],
    ['serve', 'run the job service until SIGTERM', () => require('./commands/serve')],
    ['indexes', 'create or check the indexes of the database', () => require('./commands/indexes')],
    ['doctor', 'check every server that sealing depends on', () => require('./commands/doctor')],
    ['ledger', 'repair the ledger in the database or the bucket', () => require('./commands/ledger')],
    ['restore', 'rebuild what the database lost from the evidence', () => require('./commands/restore')],
    ['config', 'show or check the settings and their sources', () => require('./commands/config')],
    ['completion', 'print a completion script for your shell', () => require('./commands/completion')],
  ],
  'Demo and development:': [
    ['demo', 'seal, verify and tamper on embedded servers', () => require('./commands/demo')],
    ['stack', 'run servers on this machine, for development', () => require('./commands/stack')],
  ],
};

/** The whole command line, not parsed yet. The file of a command is loaded when it is needed, so `--help` is fast. */
export function buildProgram(): Command {
  const program = new Command('audit-snapshot')
    .description(
      'Seals an audit log one window after another. Anyone can then verify that sealed records were not altered.',
    )
    .version(VERSION)
    .configureHelp({ optionDescription: describeOption })
    .showSuggestionAfterError()
    .showHelpAfterError('(--help lists commands and options)')
    .exitOverride()
    .option('--config <file>', 'read settings from this TOML file; the environment has precedence')
    .option('--quiet', 'print results and errors only: no progress, no remarks')
    .addHelpText(
      'after',
      `\n${EXIT_CODES}\nSettings come from flags, the environment or a file (docs/cli.md). For a first look, run: audit-snapshot demo`,
    );
  for (const [heading, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading);
    for (const [name, summary, load] of entries) addLazyCommand(program, name, summary, load);
  }
  return program;
}

/** The description of an option in `--help`. Usage lines say only `[options]`, so a required one is named here. */
function describeOption(option: Option): string {
  const text = new Help().optionDescription(option);
  return option.mandatory && option.defaultValue === undefined ? `${text} (required)` : text;
}
