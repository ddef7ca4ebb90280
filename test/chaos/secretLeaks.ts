import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { workflowIdOf } from '../../src/contract/names';
import { SNAPSHOT_CREATED } from '../../src/services/auditEntry';
import { readHistory, type RunId } from '../harness/leaks/histories';
import type { ChaosRun } from './chaosRun';

const NAMES = ['S3_SECRET_KEY', 'VAULT_SECRET_ID', 'VAULT_TOKEN', 'JOB_SERVICE_TOKEN'];

/** Secrets of the run in its logs and histories, and content of records in its histories; each leak in words. */
export async function findSecretLeaks(run: ChaosRun, jobs: readonly string[]): Promise<string[]> {
  const secrets = NAMES.flatMap((name) => {
    const value = run.env[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const histories = await readHistories(run, jobs);
  const secretLeaks = [...(await readLogs(run)), ...histories].flatMap(({ source, text }) =>
    secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${name} is in ${source}`),
  );
  const actions = await run.connection.collection('auditlogs').distinct('action');
  const words = actions.map(String).filter((action) => action !== SNAPSHOT_CREATED);
  const contentLeaks = histories
    .filter(({ text }) => words.some((word) => text.includes(word)))
    .map(({ source }) => `content of a record is in ${source}`);
  return [...secretLeaks, ...contentLeaks];
}

interface Text {
  readonly source: string;
  readonly text: string;
}

async function readLogs({ environment, name }: ChaosRun): Promise<Text[]> {
  const files = (await readdir(environment.logs)).filter((file) => file.startsWith(name));
  return Promise.all(
    files.map(async (source) => ({ source, text: await readFile(join(environment.logs, source), 'utf8') })),
  );
}

/** The histories of every run of these jobs that Temporal still has. */
async function readHistories({ environment, name }: ChaosRun, jobs: readonly string[]): Promise<Text[]> {
  const { workflow } = environment.client;
  const runs: RunId[] = jobs.map((jobId) => ({ workflowId: workflowIdOf(jobId) }));
  // The list is eventually consistent, so the latest runs are read whether it has them or not.
  for await (const run of workflow.list({ query: `TaskQueue = '${name}'` })) runs.push(run);
  const texts: Text[] = [];
  for (const run of runs) {
    const text = await readHistory(environment.client, run);
    if (text !== undefined) texts.push({ source: `the history of ${run.workflowId}`, text });
  }
  return texts;
}
