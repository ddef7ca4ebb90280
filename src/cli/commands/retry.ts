import type { Command } from 'commander';
import { SnapshotError, messageOf } from '../../errors';
import { retryJob } from '../../jobs/jobControl';
import { lostJobs } from '../../jobs/stuckStates';
import { action } from '../action';
import { openJobControl, type OpenJobControl } from '../connections/jobControl';
import { followRun, printDetached } from '../followRun';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { requireJobId } from '../requireJobId';

interface RetryOptions extends JsonOption {
  readonly lost?: boolean;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
}

/** `retry`: starts a job again that has not succeeded, or every job whose run is lost. */
export function define(command: Command): void {
  command
    .description(
      'start a job again that failed, was cancelled or lost its run; it continues after its last stored chunk',
    )
    .argument('[jobId]')
    .option(
      '--lost',
      'start every job again that is queued or running in the database and has no run in Temporal',
    )
    .option('--dry-run', 'with --lost: only list these jobs')
    .option('--detach', 'start the run and do not wait for it')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('audit-snapshot retry 65f0c0ffee65f0c0ffee65f0', 'audit-snapshot retry --lost'),
    )
    .action(action(retry));
}

async function retry(
  jobId: string | undefined,
  { lost = false, dryRun = false, detach = false, json = false }: RetryOptions,
  output: Output,
): Promise<number> {
  if (lost === (jobId !== undefined))
    throw new SnapshotError('USAGE_INVALID', 'name the job to start again, or give --lost');
  if (dryRun && !lost) throw new SnapshotError('USAGE_INVALID', '--dry-run goes with --lost');
  if (jobId !== undefined) requireJobId(jobId);
  await using control = await openJobControl();
  if (jobId === undefined) return await retryLost(control, dryRun, json, output);

  await control.record('retry', jobId);
  await retryJob(control.deps, jobId);
  const handle = control.client.attach(jobId);
  if (detach) return printDetached(handle, json, output);
  output.note(`job ${jobId} is started again`);
  return await followRun(handle, json, output);
}

interface FailedRetry {
  readonly jobId: string;
  readonly code: string;
  readonly message: string;
}

/** Exit code 1 when a job could not be started; all others are started nevertheless. */
async function retryLost(
  { deps, record }: OpenJobControl,
  dryRun: boolean,
  json: boolean,
  output: Output,
): Promise<number> {
  const lost: string[] = [];
  for await (const { _id } of lostJobs({ ...deps, nowMs: deps.nowMs() })) lost.push(_id);
  const failed: FailedRetry[] = [];
  for (const jobId of dryRun ? [] : lost)
    try {
      await record('retry', jobId);
      await retryJob(deps, jobId);
    } catch (error) {
      const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
      failed.push({ jobId, code, message: messageOf(error) });
    }

  const broken = new Set(failed.map(({ jobId }) => jobId));
  const started = dryRun ? [] : lost.filter((jobId) => !broken.has(jobId));
  if (json) output.result(JSON.stringify({ dryRun, lost, started, failed }));
  else {
    output.result(`${lost.length} jobs have no run${dryRun ? '' : `; ${started.length} started again`}`);
    for (const jobId of dryRun ? lost : started) output.result(jobId);
    for (const { jobId, code, message } of failed) output.note(`job ${jobId}: error [${code}]: ${message}`);
  }
  return failed.length === 0 ? EXIT.ok : EXIT.error;
}
