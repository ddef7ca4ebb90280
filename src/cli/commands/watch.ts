import type { Command } from 'commander';
import { action } from '../action';
import { openTemporal, snapshotClient } from '../connections/temporal';
import { followRun } from '../followRun';
import { example, jsonOption, type JsonOption } from '../options';
import type { Output } from '../output';
import { requireJobId } from '../requireJobId';

/** `watch`: follows a run that was started before. */
export function define(command: Command): void {
  command
    .description('attach to the run of a job and wait for its result')
    .argument('<jobId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot watch 65f0c0ffee65f0c0ffee65f0'))
    .action(action(watch));
}

async function watch(jobId: string, { json = false }: JsonOption, output: Output): Promise<number> {
  requireJobId(jobId);
  await using temporal = await openTemporal();
  return await followRun(snapshotClient(temporal).attach(jobId), json, output);
}
