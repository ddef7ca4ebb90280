import { Command } from 'commander';
import { addLazyCommand, type CommandFile } from './lazyCommand';
import { VERSION } from '../version';

const EXIT_CODES =
  'Exit codes: 0 done or verified, 1 error, 2 usage, 3 invalid evidence, 4 incomplete evidence or key not pinned, 5 access refused, 6 attention needed.';

type Entry = readonly [name: string, summary: string, load: () => CommandFile];

/** Every command under its heading in `--help`. What a command does, and with which options, is in its own file. */
const COMMANDS: Readonly<Record<string, readonly Entry[]>> = {
  'Sealing:': [
    ['seal', 'seal the records of a window and follow the run', () => require('./commands/seal')],
    ['watch', 'attach to the run of a job and wait for its result', () => require('./commands/watch')],
    [
      'schedule',
      'seal the log window by window, by Temporal Schedules that leave no gap',
      () => require('./commands/schedule'),
    ],
  ],
  'Status:': [
    ['status', 'whether sealing needs attention: lag, gaps, backlog', () => require('./commands/status')],
    ['list', 'jobs, newest first', () => require('./commands/list')],
    ['show', 'everything about one job and its snapshot', () => require('./commands/show')],
  ],
  'Evidence:': [
    [
      'verify',
      'verify a snapshot, a directory, a proof or the whole bucket',
      () => require('./commands/verify'),
    ],
    ['coverage', 'what log time is sealed, empty or missing', () => require('./commands/coverage')],
    ['report', 'verify, and write one HTML page for auditors', () => require('./commands/report')],
    [
      'consistency',
      'prove that the ledger of one size continues an earlier one',
      () => require('./commands/consistency'),
    ],
    ['prove', 'write the proof that one record is sealed', () => require('./commands/prove')],
    ['export', 'copy snapshots and the ledger to a directory', () => require('./commands/export')],
    ['cat', 'print the records of a snapshot', () => require('./commands/cat')],
    ['keys', 'the public keys that evidence is verified with', () => require('./commands/keys')],
  ],
  'Retention:': [
    ['retention', 'lock the objects of a snapshot for longer', () => require('./commands/retention')],
    ['hold', 'put a snapshot under legal hold, or end it', () => require('./commands/hold')],
  ],
  'Operation:': [
    ['worker', 'run worker processes until SIGTERM', () => require('./commands/worker')],
    ['serve', 'run the job service until SIGTERM', () => require('./commands/serve')],
    ['doctor', 'check every server that sealing depends on', () => require('./commands/doctor')],
    ['config', 'the settings in force, and where they come from', () => require('./commands/config')],
    ['completion', 'print a completion script for your shell', () => require('./commands/completion')],
  ],
  'Demo and development:': [
    [
      'demo',
      'seal, verify and tamper on an embedded stack of real servers',
      () => require('./commands/demo'),
    ],
    ['stack', 'Temporal, MongoDB, S3 storage and Vault for development', () => require('./commands/stack')],
  ],
};

/** The whole command line, not parsed yet. The file of a command is loaded when it is needed, so `--help` is fast. */
export function buildProgram(): Command {
  const program = new Command('audit-snapshot')
    .description('Seals an audit log window by window, so that anyone can verify that it was not altered.')
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help lists commands and options)')
    .exitOverride()
    .option('--config <file>', 'read settings from this TOML file; the environment takes precedence')
    .addHelpText(
      'after',
      `\n${EXIT_CODES}\nSettings come from the environment or a file: docs/cli.md. To see it work: audit-snapshot demo`,
    );
  for (const [heading, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading);
    for (const [name, summary, load] of entries) addLazyCommand(program, name, summary, load);
  }
  return program;
}
