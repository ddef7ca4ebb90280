import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowNotFoundError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { workflowIdOf } from '../../src/contract/names';
import type { ChaosRun } from './chaosRun';

const NAMES = ['S3_SECRET_KEY', 'VAULT_SECRET_ID', 'VAULT_TOKEN', 'JOB_SERVICE_TOKEN'];

/** Where a secret of the run stands that is none of its places: logs and histories, in words. */
export async function findSecrets(run: ChaosRun, jobs: readonly string[]): Promise<string[]> {
  const secrets = NAMES.flatMap((name) => {
    const value = run.env[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const places = [...(await readLogs(run)), ...(await readHistories(run, jobs))];
  return places.flatMap(({ place, text }) =>
    secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${name} stands in ${place}`),
  );
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

async function readHistories({ options }: ChaosRun, jobs: readonly string[]): Promise<Place[]> {
  const places: Place[] = [];
  for (const jobId of jobs) {
    const workflowId = workflowIdOf(jobId);
    try {
      const history = await options.client.workflow.getHandle(workflowId).fetchHistory();
      const payloads = Buffer.from(JSON.stringify(historyToJSON(history)));
      // Payloads are base64 in JSON; both spellings are looked through.
      const text = payloads
        .toString()
        .replaceAll(/"data":\s*"([^"]+)"/g, (_all, data: string) => Buffer.from(data, 'base64').toString());
      places.push({ place: `the history of ${workflowId}`, text });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return places;
}
