import type { Command } from 'commander';
import { cancelJob } from '../../jobs/jobControl';
import { action } from '../action';
import { openJobControl } from '../connections/jobControl';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { requireJobId } from '../requireJobId';

/** `cancel`: requests cancellation of a job. */
export function define(command: Command): void {
  command
    .description(
      'cancel a job: before signing, its window is released; from signing on, the job finishes anyway',
    )
    .argument('<jobId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot cancel 65f0c0ffee65f0c0ffee65f0'))
    .action(action(cancel));
}

async function cancel(jobId: string, { json = false }: JsonOption, output: Output): Promise<number> {
  requireJobId(jobId);
  await using control = await openJobControl();
  await control.record('cancel', jobId);
  const { status } = await cancelJob(control.deps, jobId);
  const text =
    status === 'cancelled'
      ? `job ${jobId} is cancelled`
      : `the cancellation of job ${jobId} is requested; see how it ends: audit-snapshot watch ${jobId}`;
  output.result(json ? JSON.stringify({ jobId, status }) : text);
  return EXIT.ok;
}
