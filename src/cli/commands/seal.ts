import type { Command } from 'commander';
import { mongo } from 'mongoose';
import { readSealingConfig } from '../../config';
import { SNAPSHOT_JOB_TYPE } from '../../contract/names';
import type { OnTamper } from '../../contract/snapshot';
import { boundsOf, type Window } from '../../contract/window';
import { SnapshotError } from '../../errors';
import { requireResultKnown } from '../../jobs/jobControl';
import { findJobType } from '../../jobs/jobRegistry';
import { MongoJobStore } from '../../mongo/jobStore';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';
import type { Job } from '../../ports/jobStore';
import { AuditService } from '../../services/audit.service';
import { temporalWorkflowStatus } from '../../temporal/workflowStatusReader';
import { uncoveredBy } from '../../verify/uncovered';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { openTemporal, snapshotClient, type OpenTemporal } from '../connections/temporal';
import { followRun, printDetached } from '../followRun';
import { leftOutReasons } from '../leftOutReasons';
import {
  addPolicyOptions,
  addWindowOptions,
  example,
  jsonOption,
  onTamperOption,
  policyOf,
  type JsonOption,
  type PolicyOptions,
  type WindowOptions,
} from '../options';
import { EXIT, type Output } from '../output';
import { instantsOf } from '../readWindow';
import { requireJobId } from '../requireJobId';

interface SealOptions extends JsonOption, PolicyOptions, WindowOptions {
  readonly jobId?: string;
  readonly onTamper: OnTamper;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
}

/** `seal`: starts the snapshot of a window and follows it. */
export function define(command: Command): void {
  addWindowOptions(command, {
    first: 'first instant, inclusive, e.g. 2026-01-31T00:00:00Z',
    last: 'last instant, inclusive, e.g. 2026-01-31T23:59:59.999Z',
  });
  addPolicyOptions(command, { isNew: true })
    .description('seal the records of a window and follow the run; Ctrl-C does not stop the run')
    .option('--job-id <id>', 'the job id; the same command again continues this job, or prints its result')
    .addOption(onTamperOption().default('seal'))
    .option('--dry-run', 'print what would be sealed, and seal nothing')
    .option('--detach', 'start the run and do not wait for it')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example(
        'audit-snapshot seal --day 2026-01-31',
        'audit-snapshot seal --from 2026-01-31T00:00:00Z --to 2026-01-31T11:59:59.999Z',
      ),
    )
    .action(action(seal));
}

async function seal(options: SealOptions, output: Output): Promise<number> {
  const json = options.json === true;
  const { policy, parse } = findJobType(SNAPSHOT_JOB_TYPE);
  const given = instantsOf(options);
  if (given.from === undefined || given.to === undefined)
    throw new SnapshotError('USAGE_INVALID', 'which window: give --from and --to, or --day');
  const { from, to } = parse(given, Date.now());
  const window = { from, to };
  const chosen = policyOf(options);
  if (options.dryRun === true) return previewSeal(window, json, output);

  const jobId = options.jobId ?? new mongo.ObjectId().toHexString();
  requireJobId(jobId);
  await using temporal = await openTemporal();
  if (options.jobId !== undefined) await requireKnown(temporal, jobId);
  const { onTamper } = options;
  const handle = await snapshotClient(temporal).start({ jobId, ...window, onTamper, ...policy, ...chosen });
  if (options.detach === true) return printDetached(handle, json, output);
  output.note(`sealing ${window.from} → ${window.to} as job ${jobId}`);
  return await followRun(handle, json, output);
}

/** The result of an earlier run counts only if the database, which may have been restored, has it too. SNAPSHOT_LOST. */
async function requireKnown({ client }: OpenTemporal, jobId: string): Promise<void> {
  await requireResultKnown(
    { jobs: { find: findJobRow }, workflowStatus: temporalWorkflowStatus(client) },
    jobId,
  );
}

/** The database is only asked about a run that has completed. */
async function findJobRow(jobId: string): Promise<Job | undefined> {
  await using database = await openDatabase();
  return await new MongoJobStore(database.connection).find(jobId);
}

/** Prints what sealing a window would find, and writes nothing. DATABASE_*. */
async function previewSeal(window: Window, json: boolean, output: Output): Promise<number> {
  await using database = await openDatabase();
  const { connection } = database;
  const { origin, source } = readSealingConfig();
  const log = new AuditService(connection, source);
  const unsealed = await log.countUnsealed(window);
  const overlaps = await new MongoSnapshotRepository(connection).listSignedOverlaps(origin, window, '');
  const within = boundsOf(window);
  const uncovered = uncoveredBy(
    overlaps.map((snapshot) => snapshot.window),
    within,
  );
  const leftOut = await log.countLeftOut({ within, uncovered });
  const snapshots = overlaps.map(({ snapshotId, window: { from, to }, manifest }) => ({
    snapshotId,
    from,
    to,
    recordCount: manifest?.recordCount ?? 0,
  }));
  if (json) output.result(JSON.stringify({ dryRun: true, window, unsealed, leftOut, snapshots }));
  else {
    output.result(`would seal ${unsealed} records of ${window.from} → ${window.to}; nothing was written`);
    for (const { snapshotId, from, to, recordCount } of snapshots)
      output.result(`already sealed: ${snapshotId}, ${from} → ${to}, ${recordCount} records`);
    for (const reason of leftOutReasons(leftOut, source)) output.result(`  ! ${reason}`);
  }
  return EXIT.ok;
}
