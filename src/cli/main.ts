#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { runServer } from '../server';
import { runWorkers } from '../workers';
import { runDemo } from './demo/demo';
import { cat, type CatOptions } from './cat';
import { report, type ReportOptions } from './report';
import { consistency, type ConsistencyOptions } from './consistency';
import { doctor } from './doctor';
import { extendRetention, setHold } from './lockCommands';
import { coverage, type CoverageOptions } from './coverage';
import { exportCommand, type ExportOptions } from './export';
import { prove, type ProveOptions } from './prove';
import { exportTrust } from './exportTrust';
import { EXIT, exitCodeOf, printError, PROCESS_OUTPUT as output } from './output';
import { seal, watch, type SealOptions } from './seal';
import { verify, type VerifyOptions } from './verify';

const EXIT_CODES = `
Exit codes: 0 done or verified, 1 error, 2 usage, 3 invalid evidence, 4 incomplete evidence or key not pinned, 5 access refused.`;

const program = new Command('audit-snapshot')
  .description('Seals an audit log window by window, so that anyone can check that it was not touched.')
  .version(version)
  .showSuggestionAfterError()
  .showHelpAfterError('(--help shows what there is)')
  .exitOverride()
  .addHelpText(
    'after',
    `${EXIT_CODES}\nServers and credentials come from the environment: docs/operations.md. To look around: audit-snapshot demo`,
  );

const json = () => new Option('--json', 'print the result as JSON on stdout');

program
  .command('seal')
  .description('seal the records of a window and follow the run; Ctrl-C leaves it running')
  .requiredOption('--from <instant>', 'first instant, inclusive, e.g. 2026-01-31T00:00:00Z')
  .requiredOption('--to <instant>', 'last instant, inclusive, e.g. 2026-01-31T23:59:59.999Z')
  .option('--job-id <id>', 'seal under this job: run again, it goes on or gives the same result')
  .addOption(
    new Option('--on-tamper <policy>', 'a record that does not fit its own hash: seal it and say so, or fail')
      .choices(['seal', 'fail'])
      .default('seal'),
  )
  .option('--detach', 'start the run and do not wait for it')
  .addOption(json())
  .action((options: SealOptions) => finish(() => seal(options, output), options));

program
  .command('watch')
  .description('attach to the run of a job and wait for its result')
  .argument('<jobId>')
  .addOption(json())
  .action((jobId: string, options: { json?: boolean }) =>
    finish(() => watch(jobId, options, output), options),
  );

program
  .command('verify')
  .description(
    'check a snapshot in the bucket, a directory, a proof, or without an argument the whole bucket',
  )
  .argument('[snapshotId | directory | proof.json]')
  .option('--key <file>', 'the pinned keys (trust.json, PEM or vkey); without them nothing is ever VERIFIED')
  .option('--from <instant>', 'with --to: this log time must be covered without a gap')
  .option('--to <instant>', 'end of that log time, inclusive')
  .option(
    '--checkpoint <file>',
    'a ledger checkpoint you kept: the ledger must continue it (repeatable)',
    collect,
  )
  .option(
    '--sample <percent>',
    'read only so many of the chunks, by chance: never more than INCOMPLETE',
    parsePercent,
  )
  .option('--live', 'of the whole bucket: then compare the live log with it, record by record')
  .option('--max-errors <n>', 'how many failures to list', parseCount, 20)
  .addOption(json())
  .action((target: string | undefined, options: VerifyOptions) =>
    finish(() => verify(target, options, output), options),
  );

program
  .command('prove')
  .description('write the proof of one record: in its snapshot, and its snapshot in the ledger')
  .argument('<recordId>')
  .requiredOption('--key <trust.json>', 'the pinned keys')
  .option('--snapshot <snapshotId>', 'where the record is; without it the live record says so')
  .option('--dir <directory>', 'read exported evidence instead of the bucket')
  .option('--out <file>', 'where to write the proof', 'proof.json')
  .addOption(json())
  .action((recordId: string, options: ProveOptions) =>
    finish(() => prove(recordId, options, output), options),
  );

program
  .command('export')
  .description('copy snapshots and the ledger to a directory, for somebody without access to the bucket')
  .argument('[snapshotIds...]')
  .requiredOption('--key <trust.json>', 'the pinned keys')
  .requiredOption('--out <directory>', 'where to; files that are there are written again')
  .option('--all', 'every snapshot of the ledger')
  .addOption(json())
  .action((snapshotIds: string[], options: ExportOptions) =>
    finish(() => exportCommand(snapshotIds, options, output), options),
  );

program
  .command('coverage')
  .description('what log time is sealed, empty or missing, by the ledger')
  .requiredOption('--key <trust.json>', 'the pinned keys')
  .option('--dir <directory>', 'read exported evidence instead of the bucket')
  .option('--from <instant>', 'with --to: only this log time')
  .option('--to <instant>', 'end of that log time, inclusive')
  .option('--svg <file>', 'draw it as well')
  .addOption(json())
  .action((options: CoverageOptions) => finish(() => coverage(options, output), options));

program
  .command('cat')
  .description('print the records of a snapshot for reading; a rendering is never evidence')
  .argument('<snapshotId>')
  .option('--dir <directory>', 'read exported evidence instead of the bucket')
  .addOption(
    new Option('--format <format>', 'Extended JSON, one a line, or CSV')
      .choices(['ndjson', 'csv'])
      .default('ndjson'),
  )
  .action((snapshotId: string, options: CatOptions) => finish(() => cat(snapshotId, options, output), {}));

program
  .command('report')
  .description('verify a directory, or the whole bucket, and write one HTML page for auditors')
  .argument('[directory]')
  .requiredOption('--key <trust.json>', 'the pinned keys')
  .option('--out <file>', 'where to', 'report.html')
  .option('--from <instant>', 'with --to: this log time must be covered without a gap')
  .option('--to <instant>', 'end of that log time, inclusive')
  .addOption(json())
  .action((target: string | undefined, options: ReportOptions) =>
    finish(() => report(target, options, output), options),
  );

const retention = program.command('retention').description('how long the objects of a snapshot are locked');
retention
  .command('extend')
  .description('lock a snapshot for longer; a lock is never shortened')
  .argument('<snapshotId>')
  .requiredOption('--until <instant>', 'e.g. 2040-01-31T00:00:00Z')
  .addOption(json())
  .action((snapshotId: string, options: { until: string; json?: boolean }) =>
    finish(() => extendRetention(snapshotId, options, output), options),
  );

const hold = program
  .command('hold')
  .description('legal hold: nothing of a snapshot can be deleted while it stands');
for (const [name, held] of [
  ['add', true],
  ['remove', false],
] as const)
  hold
    .command(name)
    .description(held ? 'put a snapshot under legal hold' : 'end the legal hold; retention goes on')
    .argument('<snapshotId>')
    .addOption(json())
    .action((snapshotId: string, options: { json?: boolean }) =>
      finish(() => setHold(snapshotId, held, options, output), options),
    );

program
  .command('doctor')
  .description('look at every server and promise that sealing rests on; probes that the bucket really locks')
  .addOption(json())
  .action((options: { json?: boolean }) => finish(() => doctor(options, output), options));

program
  .command('consistency')
  .description('print the proof that the ledger of one size continues the ledger of an earlier one')
  .argument('<earlier>', 'number of entries', parseCount)
  .argument('<later>', 'number of entries', parseCount)
  .requiredOption('--key <trust.json>', 'the pinned keys')
  .option('--dir <directory>', 'read exported evidence instead of the bucket')
  .action((earlier: number, later: number, options: ConsistencyOptions) =>
    finish(() => consistency([earlier, later], options, output), {}),
  );

program
  .command('keys')
  .description('the public keys that evidence is checked with')
  .command('export')
  .description('write the trust file: every key version with its period')
  .option('--merge <trust.json>', 'keep the versions of an earlier file that Vault no longer serves')
  .option('--out <file>', 'where to; stdout otherwise')
  .action((options: { out?: string; merge?: string }) => finish(() => exportTrust(options, output), {}));

program
  .command('demo')
  .description('seal, verify and tamper with a realistic audit log on an embedded stack of real servers')
  .option('--records <n>', 'how many records to write', parseCount, 100_000)
  .option('--keep', 'leave everything running and print where it is')
  .addOption(json())
  .action((options: { records: number; keep?: boolean; json?: boolean }) =>
    finish(() => runDemo(options, output), options),
  );

program
  .command('worker')
  .description('run worker processes until SIGTERM; one that dies is replaced, and others go on at once')
  .option('--processes <n>', 'how many, 1 to 32 (default: WORKER_PROCESSES, or 2)', parseProcesses)
  .action((options: { processes?: number }) => finish(() => runWorkers(options), {}));

program
  .command('serve')
  .description('run the job service until SIGTERM')
  .action(() => finish(() => runServer().then(() => EXIT.ok), {}));

function parsePercent(text: string): number {
  const percent = Number(/^(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text)?.[1]);
  if (percent > 0 && percent <= 100) return percent;
  throw new InvalidArgumentError('It is not a percentage such as 5%.');
}

function collect(value: string, list: readonly string[] = []): readonly string[] {
  return [...list, value];
}

function parseProcesses(text: string): number {
  if (/^([1-9]|[12]\d|3[0-2])$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 32.');
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 999999999.');
}

/** Every command ends here: its exit code, or its error said once. */
async function finish(run: () => Promise<number>, options: { readonly json?: boolean }): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    printError(output, error, options.json === true);
    process.exitCode = exitCodeOf(error);
  }
}

// Whoever reads the output may stop reading (`| head`): that ends the command, and is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Commander has said it; asking for help is no error.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return;
  }
  printError(output, error, false);
  process.exitCode = EXIT.error;
});
