import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { mongo } from 'mongoose';
import type { Variables } from '../../../dev/stack/serverName';
import { readTemporalConfig } from '../../../src/config';
import { connectTemporal } from '../../../src/temporal/connection';
import { eventually } from '../eventually';
import { storageClient } from '../lockedObject';
import type { Secret } from './secretRegistry';

const PROCESS_MS = 700;

/** A value that is not secret and is written to every place that is searched. A search that misses it misses leaks as well. */
export async function plantControl(env: Variables, stackDirectory: string): Promise<Secret> {
  const control = { name: 'the control', value: `control-${randomUUID()}` };
  const { value } = control;
  writeFileSync(join(stackDirectory, 'logs', 'control.log'), value);
  await Promise.all([
    print(value),
    showInArguments(value),
    runWorkflow(value),
    insertRow(env, value),
    storeObject(env, value),
  ]);
  return control;
}

async function print(value: string): Promise<void> {
  const script = 'process.stdout.write(process.env.CONTROL)';
  await promisify(execFile)(process.execPath, ['-e', script], { env: { ...process.env, CONTROL: value } });
}

/** Without the recorder, so that only the sampler sees it. */
async function showInArguments(value: string): Promise<void> {
  const script = `setTimeout(() => undefined, ${PROCESS_MS})`;
  await once(spawn(process.execPath, ['-e', script, value], { env: {}, stdio: 'ignore' }), 'exit');
}

/** A run that no worker takes. */
async function runWorkflow(value: string): Promise<void> {
  await using temporal = await connectTemporal(readTemporalConfig());
  const { workflow } = temporal.client;
  const workflowId = `control-${randomUUID()}`;
  await workflow.start('control', { workflowId, taskQueue: workflowId, args: [value] });
  await eventually('Temporal lists the control', async () => {
    for await (const run of workflow.list()) if (run.workflowId === workflowId) return true;
    return false;
  });
}

async function insertRow(env: Variables, value: string): Promise<void> {
  const client = new mongo.MongoClient(env['MONGODB_URI'] ?? '', {
    runtimeAdapters: { os: await import('node:os') },
  });
  await client
    .db('control')
    .collection('jobs')
    .insertOne({ error: { reason: `in base64: ${btoa(`user:${value}`)}` } });
  await client.close();
}

async function storeObject(env: Variables, value: string): Promise<void> {
  await storageClient(env).putObject(
    env['S3_BUCKET'] ?? '',
    'control.json.gz',
    gzipSync(JSON.stringify({ value })),
  );
}
