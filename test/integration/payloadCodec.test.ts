import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import { newServiceKey } from '../../dev/demo/serviceKey';
import { AuditSnapshotClient } from '../../src/client';
import { readTemporalConfig } from '../../src/config';
import { workflowIdOf } from '../../src/contract/names';
import { connectDatabase } from '../../src/mongo/connection';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/connection';
import { uniqueName } from '../harness/deployment';
import { eventually } from '../harness/eventually';
import { keepSecret } from '../harness/leaks/secretRegistry';
import { Runbook } from '../harness/runbook';
import { Services } from '../harness/services';
import { vaultAsRoot } from '../harness/vaultAsRoot';

const run = promisify(execFile);
const CLI = resolve(__dirname, '../../dist/src/cli/main.js');
const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const NEXT_DAY = { from: '2026-02-01T00:00:00.000Z', to: '2026-02-01T23:59:59.999Z' };

const mount = `kv-${randomUUID().slice(0, 8)}`;
const secret = `${mount}/data/audit-snapshot`;
const newKey = () => keepSecret('a key for payloads', randomBytes(32).toString('base64'));
const keys: Record<string, string> = { 1: newKey() };
const reader = newServiceKey('web-ui', 'payloads:decode', 'jobs:write', 'jobs:read', 'jobs:report');

let services: Services;
let temporal: TemporalConnection;

beforeAll(async () => {
  const vault = vaultAsRoot();
  await vault.call('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } });
  // For a moment, a new mount answers that it is being upgraded to versioned data.
  const isWritten = () =>
    vault.call('POST', secret, { data: keys }).then(
      () => true,
      () => false,
    );
  await eventually('the first write to a new mount', isWritten);
  services = new Services({
    VAULT_ROLE_ID: '',
    VAULT_SECRET_ID: '',
    VAULT_TOKEN: vault.token,
    TEMPORAL_CODEC_SECRET: secret,
    JOB_SERVICE_CODEC_ORIGIN: 'https://ui.example',
    JOB_SERVICE_KEYS: JSON.stringify([reader.hashed]),
  });
  Object.defineProperty(services, 'token', { value: reader.token });
  await services.start();
  await services.log(10, DAY);
  await services.log(5, NEXT_DAY, 7);
  temporal = await connectTemporal(readTemporalConfig());
}, 120_000);

afterAll(async () => {
  await temporal?.connection.close();
  await services?.stop();
});

/** The encodings of all payloads that Temporal has stored of a run; those of search attributes have a type. */
async function storedEncodings(
  client: Client,
  jobId: string,
): Promise<{ encoding: string; typed: boolean }[]> {
  const { events } = await client.workflow.getHandle(workflowIdOf(jobId)).fetchHistory();
  const found: { encoding: string; typed: boolean }[] = [];
  JSON.parse(JSON.stringify(events), (name, value: unknown) => {
    const { encoding, type } = (name === 'metadata' ? value : {}) as { encoding?: string; type?: string };
    if (encoding !== undefined) found.push({ encoding: atob(encoding), typed: type !== undefined });
    return value;
  });
  return found;
}

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const cli = (...args: string[]) =>
  run(process.execPath, [CLI, ...args], { env: { ...process.env, ...services.env }, timeout: 60_000 });

test('a run is sealed with encrypted payloads, of which Temporal stores no plain text', async () => {
  const jobId = await services.submit(DAY);
  await expect(services.ended(jobId)).resolves.toMatchObject({
    status: 'succeeded',
    result: { recordCount: 10 },
  });
  const stored = await storedEncodings(temporal.client, jobId);
  expect(stored.filter(({ typed }) => !typed).length).toBeGreaterThan(20);
  expect(stored.filter(({ encoding, typed }) => encoding !== 'binary/encrypted' && !typed)).toEqual([]);

  const shown = await cli('show', jobId, '--json');
  expect(shown.stdout).toContain('"recordCount":10');
  await using plain = await AuditSnapshotClient.connect({ address: process.env['TEMPORAL_ADDRESS']! });
  await expect(plain.attach(jobId).result()).rejects.toMatchObject({
    code: 'PAYLOAD_UNREADABLE',
    message: expect.stringContaining('TEMPORAL_CODEC_SECRET'),
  });
});

test('the codec endpoint decrypts what Temporal has stored, as the Web UI asks for it', async () => {
  const jobId = await services.submit(DAY);
  await services.ended(jobId);
  const { events } = await temporal.client.workflow.getHandle(workflowIdOf(jobId)).fetchHistory();
  const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const metadata = Object.fromEntries(
    Object.entries(input!.metadata!).map(([name, value]) => [name, toBase64(value)]),
  );
  const answer = await services.request('/codec/decode', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://ui.example' },
    body: JSON.stringify({ payloads: [{ metadata, data: toBase64(input!.data!) }] }),
  });
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://ui.example');
  const { payloads } = (await answer.json()) as { payloads: { data: string }[] };
  expect(Buffer.from(payloads[0]!.data, 'base64').toString()).toContain(DAY.from);
});

test('after a rotation, the command line writes with the new key, and running processes read both', async () => {
  keys[2] = newKey();
  await vaultAsRoot().call('POST', secret, { data: keys });
  const jobId = uniqueName('rotated-');
  await cli('seal', '--from', NEXT_DAY.from, '--to', NEXT_DAY.to, '--job-id', jobId, '--json');
  const { events } = await temporal.client.workflow.getHandle(workflowIdOf(jobId)).fetchHistory();
  const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  expect(Buffer.from(input!.metadata!['encryption-key-id']!).toString()).toBe('2');
});

test('a schedule is created, shown and listed with encrypted payloads', async () => {
  const scheduleId = uniqueName('encrypted-');
  await cli('schedule', 'create', scheduleId, '--every', '1d', '--paused');
  const shown = await cli('schedule', 'show', scheduleId, '--json');
  expect(shown.stdout).toContain(scheduleId);
  await cli('schedule', 'delete', scheduleId);
});

test('the commands of the runbook end the state after the only key of open runs was lost', async () => {
  const runbook = new Runbook('The key of the payloads is lost');
  const env = { ...process.env, ...services.env };
  // While another snapshot holds its window, the run of a job stays open.
  const database = await connectDatabase(services.env['MONGODB_URI']!);
  const leases = new MongoWindowLeaseStore(database, services.env['AUDIT_ORIGIN']!);
  const jobId = uniqueName('unreadable-');
  const asOf = await leases.sequence();
  const blocker = { snapshotId: 'snap-blocker', window: DAY, workflowId: workflowIdOf(jobId), asOf };
  await leases.acquire(blocker);
  await cli('seal', '--from', DAY.from, '--to', DAY.to, '--job-id', jobId, '--detach');
  await eventually(`the row of job ${jobId}`, async () => (await services.job(jobId)).status === 'running');

  await services.stop();
  await leases.finish(blocker.snapshotId);
  await database.close();
  const { 1: _first, 2: _second, ...others } = keys;
  await vaultAsRoot().call('POST', secret, { data: { ...others, 3: newKey() } });
  await services.start();
  await temporal.client.workflow.getHandle(workflowIdOf(jobId)).terminate('its payloads are unreadable');
  const retried = await runbook.run(env, / retry --lost$/);
  expect(retried).toMatchObject({ code: 0, stdout: expect.stringContaining('1 started again') });
  expect(await services.ended(jobId)).toMatchObject({ status: 'succeeded' });
  expect(runbook.unused).toEqual([]);
}, 240_000);

test('a secret that does not exist, or holds no keys, ends the start with its path', async () => {
  const vault = vaultAsRoot();
  await vault.call('POST', `${mount}/data/empty`, { data: { newest: 'x' } });
  for (const path of [`${mount}/data/nowhere`, `${mount}/data/empty`]) {
    const env = { ...process.env, ...services.env, TEMPORAL_CODEC_SECRET: path };
    const failure = (await run(process.execPath, [CLI, 'schedule', 'list'], { env }).catch(
      (error: unknown) => error,
    )) as {
      stderr: string;
    };
    expect(failure.stderr).toContain('CONFIG_INVALID');
    expect(failure.stderr).toContain(path);
  }
});
