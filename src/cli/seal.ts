import { mongo } from 'mongoose';
import { connectTemporal } from '../temporal/connection';
import { AuditSnapshotClient, type SnapshotHandle } from '../client';
import { readTemporalConfig } from '../config';
import { isJobId, JOB_ID_RULE, SNAPSHOT_JOB_TYPE } from '../contract/names';
import type { OnTamper } from '../contract/snapshot';
import { SnapshotError } from '../errors';
import { findJobType } from '../jobs/jobRegistry';
import { dryRun } from './dryRun';
import { followRun } from './followRun';
import { EXIT, type Output } from './output';

export interface SealOptions {
  readonly from: string;
  readonly to: string;
  readonly jobId?: string;
  readonly onTamper?: OnTamper;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** Starts a snapshot of the window through Temporal and follows it; Ctrl-C goes away from it, not with it. */
export async function seal(options: SealOptions, output: Output): Promise<number> {
  const { policy, parse } = findJobType(SNAPSHOT_JOB_TYPE);
  const window = parse({ from: options.from, to: options.to }, Date.now());
  if (options.dryRun === true) return dryRun(window, options.json === true, output);
  const jobId = options.jobId ?? new mongo.ObjectId().toHexString();
  checkJobId(jobId);
  return withClient(async (client) => {
    const onTamper = options.onTamper ?? 'seal';
    const handle = await client.start({ jobId, ...window, onTamper, ...policy });
    if (options.detach === true) return detached(handle, options.json === true, output);
    output.note(`sealing ${window.from} → ${window.to} as job ${jobId}`);
    return follow(handle, options.json === true, output);
  });
}

/** Attaches to the run of a job that was started before. */
export async function watch(
  jobId: string,
  options: { readonly json?: boolean },
  output: Output,
): Promise<number> {
  checkJobId(jobId);
  return withClient((client) => follow(client.attach(jobId), options.json === true, output));
}

async function follow(handle: SnapshotHandle, json: boolean, output: Output): Promise<number> {
  const followed = await followRun(handle, output.note);
  if ('detached' in followed) return detached(handle, json, output);
  const { result } = followed;
  const { recordCount, snapshotId, snapshotAssetId, findingCount, conflictCount, lateCount } = result;
  const text = [
    `sealed ${recordCount} records as ${snapshotId}, asset ${snapshotAssetId}`,
    `findings ${findingCount}, conflicts ${conflictCount}, late ${lateCount}`,
  ].join('\n');
  output.result(json ? JSON.stringify({ jobId: handle.jobId, status: 'succeeded', result }) : text);
  return EXIT.ok;
}

function detached({ jobId, workflowId }: SnapshotHandle, json: boolean, output: Output): number {
  output.note(`the run goes on; attach again with: audit-snapshot watch ${jobId}`);
  if (json) output.result(JSON.stringify({ jobId, workflowId, status: 'running' }));
  else output.result(jobId);
  return EXIT.ok;
}

async function withClient(run: (client: AuditSnapshotClient) => Promise<number>): Promise<number> {
  const temporal = readTemporalConfig();
  const { connection, client } = await connectTemporal(temporal);
  try {
    return await run(new AuditSnapshotClient(client, temporal.taskQueue));
  } finally {
    await connection.close();
  }
}

function checkJobId(jobId: string): void {
  if (isJobId(jobId)) return;
  throw new SnapshotError('USAGE_INVALID', `a job id is ${JOB_ID_RULE}`);
}
