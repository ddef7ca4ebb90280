import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowNotFoundError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { workflowIdOf } from '../../src/contract/names';
import { SNAPSHOT_CREATED } from '../../src/services/auditEntry';
import type { ChaosRun } from './chaosRun';

const NAMES = ['S3_SECRET_KEY', 'VAULT_SECRET_ID', 'VAULT_TOKEN', 'JOB_SERVICE_TOKEN'];

/** Where a secret of the run stands that is none of its places, logs and histories, and what of a record a history says; in words. */
export async function findSecrets(run: ChaosRun, jobs: readonly string[]): Promise<string[]> {
  const secrets = NAMES.flatMap((name) => {
    const value = run.env[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const histories = await readHistories(run, jobs);
  const told = [...(await readLogs(run)), ...histories].flatMap(({ place, text }) =>
    secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${name} stands in ${place}`),
  );
  const actions = await run.connection.collection('auditlogs').distinct('action');
  const words = actions.map(String).filter((action) => action !== SNAPSHOT_CREATED);
  const leaked = histories
    .filter(({ text }) => words.some((word) => text.includes(word)))
    .map(({ place }) => `what a record says stands in ${place}`);
  return [...told, ...leaked];
}

interface Place {
  readonly place: string;
  readonly text: string;
}

async function readLogs({ options, name }: ChaosRun): Promise<Place[]> {
  const files = (await readdir(options.logs)).filter((file) => file.startsWith(name));
  return Promise.all(
    files.map(async (place) => ({ place, text: await readFile(join(options.logs, place), 'utf8') })),
  );
}

/** Of every run that Temporal still knows of these jobs. */
async function readHistories({ options, name }: ChaosRun, jobs: readonly string[]): Promise<Place[]> {
  const { workflow } = options.client;
  const runs: { workflowId: string; runId?: string }[] = jobs.map((jobId) => ({
    workflowId: workflowIdOf(jobId),
  }));
  // The list lags behind, so the latest runs are looked at whether it has them or not.
  for await (const run of workflow.list({ query: `TaskQueue = '${name}'` })) runs.push(run);
  const places: Place[] = [];
  for (const { workflowId, runId } of runs) {
    try {
      const history = await workflow.getHandle(workflowId, runId).fetchHistory();
      // Payloads are base64 in JSON.
      const text = historyToJSON(history).replaceAll(/"data":\s*"([^"]+)"/g, (_all, data: string) =>
        Buffer.from(data, 'base64').toString(),
      );
      places.push({ place: `the history of ${workflowId}`, text });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return places;
}
