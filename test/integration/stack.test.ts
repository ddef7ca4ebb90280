import { Client as TemporalClient, Connection } from '@temporalio/client';
import { verify, createPublicKey } from 'node:crypto';
import { startStack, type RunningStack } from '../../dev/stack/stack';
import { cleanStack } from '../../dev/stack/stackCommands';
import { callVault } from '../../dev/stack/servers/vaultApi';
import { databaseClient } from '../harness/databaseClient';
import { embeddedEnvironment } from '../harness/embeddedEnvironment';
import { putLocked, storageClient } from '../harness/lockedObject';

const NAME = `kill-${process.pid}`;
const DAY_MS = 86_400_000;
const BUCKET = 'audit-snapshots';

let stack: RunningStack;

beforeAll(async () => {
  stack = await startStack({ name: NAME, environment: embeddedEnvironment() });
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  await cleanStack({ name: NAME, force: true });
}, 120_000);

test('a killed database keeps every write that it acknowledged', async () => {
  const client = databaseClient(stack.env);
  const acknowledged: number[] = [];
  const collection = client.db().collection<{ _id: number }>('kept');
  const writer = (async () => {
    for (let id = 0; ; id += 1) {
      await collection.insertOne({ _id: id }, { writeConcern: { w: 1, j: true } });
      acknowledged.push(id);
      if (id === 200) void stack.kill('mongo');
    }
  })();
  await expect(writer).rejects.toThrow(Error);
  await client.close();
  await stack.kill('mongo');
  expect(acknowledged.length).toBeGreaterThan(200);

  await stack.restart('mongo');
  const again = databaseClient(stack.env);
  const found = await again.db().collection<{ _id: number }>('kept').find().sort({ _id: 1 }).toArray();
  await again.close();
  const ids = new Set(found.map(({ _id }) => _id));
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
}, 120_000);

test('a killed vault is unsealed again with the same key, role and secret', async () => {
  const message = Buffer.from('sealed before the kill');
  const before = await signWithRole(message);
  const { VAULT_ROLE_ID, VAULT_SECRET_ID } = stack.env;
  await stack.kill('vault');
  await stack.restart('vault');
  expect(stack.env).toMatchObject({ VAULT_ROLE_ID, VAULT_SECRET_ID });
  const after = await signWithRole(message);
  expect(after).toEqual(before);
  expect(after.signature).toMatch(/^vault:v1:/);

  const der = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(after.publicKey, 'base64'),
  ]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signature = Buffer.from(after.signature.split(':')[2] ?? '', 'base64');
  expect(verify(null, message, publicKey, signature)).toBe(true);
  expect(verify(null, Buffer.from('something else'), publicKey, signature)).toBe(false);
}, 120_000);

test('the role of the product can sign and read its key, and nothing else', async () => {
  const address = stack.env['VAULT_ADDR'] ?? '';
  const token = await logIn();
  const attempt = (method: 'GET' | 'POST', path: string, body?: unknown) =>
    callVault({ address, token, method, path, body });
  await expect(attempt('GET', 'auth/token/lookup-self')).resolves.toMatchObject({
    data: { renewable: true },
  });
  await expect(attempt('POST', 'auth/token/renew-self')).resolves.toMatchObject({
    auth: { renewable: true },
  });
  for (const [method, path, body] of [
    ['POST', 'transit/keys/audit-snapshot/rotate', {}],
    ['POST', 'transit/keys/audit-snapshot/config', { exportable: true }],
    ['POST', 'transit/keys/another', { type: 'ed25519' }],
    ['GET', 'transit/export/signing-key/audit-snapshot', undefined],
    ['GET', 'sys/mounts', undefined],
  ] as const) {
    await expect(attempt(method, path, body)).rejects.toMatchObject({
      code: 'SIGNER_FAILED',
      message: /403/,
    });
  }
});

test('killed storage keeps the object, its version and its lock', async () => {
  const client = storageClient(stack.env);
  const body = Buffer.from('evidence');
  const until = new Date(Math.floor(Date.now() / 1000) * 1000 + DAY_MS);
  const versionId = await putLocked(client, BUCKET, 'kept/object', body, until);
  await stack.kill('storage');
  await stack.restart('storage');

  const query = `versionId=${encodeURIComponent(versionId)}`;
  const request = { bucketName: BUCKET, objectName: 'kept/object', query };
  const response = await client.makeRequestAsync({ ...request, method: 'GET' }, '', [200]);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks)).toEqual(body);
  const { headers } = await client.makeRequestAsync({ ...request, method: 'HEAD' }, '', [200]);
  expect(headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
  expect(Date.parse(String(headers['x-amz-object-lock-retain-until-date']))).toBe(until.getTime());
  await expect(client.makeRequestAsync({ ...request, method: 'DELETE' }, '', [204])).rejects.toThrow(
    /WORM|lock|AccessDenied/i,
  );
}, 120_000);

test('killed Temporal keeps the workflow execution and its search attributes', async () => {
  const workflowId = 'kept/execution';
  const runId = await withTemporal(async (client) => {
    const handle = await client.workflow.start('neverRun', {
      workflowId,
      taskQueue: 'without-worker',
      searchAttributes: { AuditJobId: ['job-1'], AuditRecordCount: [7] },
    });
    return handle.firstExecutionRunId;
  });
  await stack.kill('temporal');
  await stack.restart('temporal');
  const description = await withTemporal((client) => client.workflow.getHandle(workflowId).describe());
  expect(description).toMatchObject({
    runId,
    status: { name: 'RUNNING' },
    searchAttributes: { AuditJobId: ['job-1'], AuditRecordCount: [7] },
  });
}, 120_000);

async function withTemporal<T>(use: (client: TemporalClient) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: stack.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    return await use(new TemporalClient({ connection }));
  } finally {
    await connection.close();
  }
}

async function logIn(): Promise<string> {
  const login = await callVault<{ auth: { client_token: string } }>({
    address: stack.env['VAULT_ADDR'] ?? '',
    method: 'POST',
    path: 'auth/approle/login',
    body: { role_id: stack.env['VAULT_ROLE_ID'], secret_id: stack.env['VAULT_SECRET_ID'] },
  });
  return login?.auth.client_token ?? '';
}

async function signWithRole(message: Buffer): Promise<{ signature: string; publicKey: string }> {
  const call = { address: stack.env['VAULT_ADDR'] ?? '', token: await logIn() };
  const key = stack.env['VAULT_TRANSIT_KEY'] ?? '';
  const body = { input: message.toString('base64') };
  const signed = await callVault<{ data: { signature: string } }>({
    ...call,
    method: 'POST',
    path: `transit/sign/${key}`,
    body,
  });
  const keys = await callVault<{ data: { keys: Record<string, { public_key: string }> } }>({
    ...call,
    method: 'GET',
    path: `transit/keys/${key}`,
  });
  return { signature: signed?.data.signature ?? '', publicKey: keys?.data.keys['1']?.public_key ?? '' };
}
