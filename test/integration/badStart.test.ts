import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { connectDatabase } from '../../src/mongo/connection';
import { readStorageConfig } from '../../src/config';
import { databaseUri, uniqueName } from '../harness/deployment';
import { AnsweringServer } from '../harness/answeringServer';
import { storageClient } from '../harness/lockedObject';
import { startS3Proxy } from '../harness/s3Proxy';
import { vaultAsRoot } from '../harness/vaultAsRoot';

const run = promisify(execFile);
const WORKER = resolve(__dirname, '../../dist/src/worker/process.js');
const CLI = resolve(__dirname, '../../dist/src/cli/main.js');
const CLOSED = '127.0.0.1:1';

/** Starts a worker with a wrong setting; it must end with `exitCode` before it runs. */
async function startMisconfigured(
  wrong: Readonly<Record<string, string>>,
  args: readonly string[] = [WORKER],
  exitCode = 1,
): Promise<{ stderr: string; database: string }> {
  const database = uniqueName('bad');
  const own = { MONGODB_URI: databaseUri(database), TEMPORAL_TASK_QUEUE: database };
  const env = { ...process.env, ...own, ...wrong };
  const failure = await run(process.execPath, args, { env, timeout: 60_000 }).then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  expect(failure).toMatchObject({ code: exitCode });
  return { stderr: failure!.stderr, database };
}

async function collectionsOf(database: string): Promise<string[]> {
  const connection = await connectDatabase(databaseUri(database));
  const collections = await connection.db!.listCollections().toArray();
  await connection.close();
  return collections.map(({ name }) => name);
}

describe('a misconfigured worker', () => {
  beforeAll(async () => {
    const client = storageClient(process.env as Record<string, string>);
    if (!(await client.bucketExists('without-lock')))
      await client.makeBucket('without-lock', readStorageConfig().region);
    const vault = vaultAsRoot();
    await vault.createKey('of-another-type', { type: 'ecdsa-p256' });
    await vault.createKey('that-is-exportable', { type: 'ed25519', exportable: true });
  });

  test.each([
    ['no address of Temporal', { TEMPORAL_ADDRESS: '' }, 'CONFIG_INVALID', 'TEMPORAL_ADDRESS is not set'],
    ['an unreachable Temporal', { TEMPORAL_ADDRESS: CLOSED }, 'TEMPORAL_UNREACHABLE', CLOSED],
    ['a missing namespace', { TEMPORAL_NAMESPACE: 'nowhere' }, 'TEMPORAL_FAILED', 'nowhere'],
    [
      'an unreachable database',
      { MONGODB_URI: `mongodb://${CLOSED}/x` },
      'DATABASE_UNREACHABLE',
      'MONGODB_URI',
    ],
    ['unreachable storage', { S3_ENDPOINT: `http://${CLOSED}` }, 'STORAGE_UNREACHABLE', 'ECONNREFUSED'],
    ['a wrong storage key', { S3_SECRET_KEY: 'wrong-secret-value' }, 'STORAGE_UNAUTHORIZED', 'credentials'],
    [
      'no storage key and no role',
      { S3_ACCESS_KEY: '', S3_SECRET_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' },
      'STORAGE_CREDENTIALS_MISSING',
      'set S3_ACCESS_KEY and S3_SECRET_KEY',
    ],
    [
      'a path in the address of storage',
      { S3_ENDPOINT: 'http://127.0.0.1:1/bucket' },
      'ADDRESS_INVALID',
      'S3_ENDPOINT has a path',
    ],
    ['a missing bucket', { S3_BUCKET: 'nowhere' }, 'BUCKET_MISSING', 'bucket=nowhere'],
    [
      'a bucket without Object Lock',
      { S3_BUCKET: 'without-lock' },
      'BUCKET_WITHOUT_LOCK',
      'bucket=without-lock',
    ],
    ['an unreachable Vault', { VAULT_ADDR: `http://${CLOSED}` }, 'SIGNER_UNREACHABLE', 'ECONNREFUSED'],
    ['a wrong AppRole secret', { VAULT_SECRET_ID: 'wrong-secret-value' }, 'SIGNER_UNAUTHORIZED', 'AppRole'],
    [
      'a key outside the policy',
      { VAULT_TRANSIT_KEY: 'of-another-product' },
      'SIGNER_UNAUTHORIZED',
      'policy',
    ],
  ])(
    'a worker that is started with %s ends with the code of its error and writes nothing',
    async (_, wrong, code, text) => {
      const { stderr, database } = await startMisconfigured(wrong);
      const line = stderr.trimEnd().split('\n').at(-1);
      expect(line).toMatch(new RegExp(`^error \\[${code}\\]: `));
      expect(line).toContain(text);
      expect(stderr).not.toContain('wrong-secret-value');
      expect(await collectionsOf(database)).toEqual([]);
    },
  );

  test.each([
    ['that ignores If-None-Match', 'if-none-match', 'BUCKET_WITHOUT_CONDITIONS'],
    ['that ignores If-Match', 'if-match', 'BUCKET_WITHOUT_CONDITIONS'],
  ])('a worker on storage %s ends with the code of its error and writes nothing', async (_, header, code) => {
    const { endpoint } = readStorageConfig();
    const accepted = { status: 200, headers: { 'x-amz-version-id': 'v' }, body: Buffer.alloc(0) };
    await using proxy = await startS3Proxy(endpoint, (request, answer) =>
      request.headers[header] !== undefined && answer.status === 412 ? accepted : answer,
    );
    const { stderr, database } = await startMisconfigured({ S3_ENDPOINT: proxy.url });
    expect(stderr).toMatch(new RegExp(`^error \\[${code}\\]: storage ignores ${header}`, 'im'));
    expect(await collectionsOf(database)).toEqual([]);
  });

  test('a worker on storage that says nothing ends after the configured silence and writes nothing', async () => {
    const silent = await AnsweringServer.start();
    silent.answer = () => undefined;
    const { stderr, database } = await startMisconfigured({ S3_ENDPOINT: silent.url, S3_IDLE_SECONDS: '1' });
    expect(stderr).toMatch(/^error \[STORAGE_UNREACHABLE\]: .*no byte within 1 s/m);
    expect(await collectionsOf(database)).toEqual([]);
    await silent.stop();
  });

  test.each([
    ['a key of another type', 'of-another-type', 'KEY_INVALID', 'ecdsa-p256'],
    ['an exportable key', 'that-is-exportable', 'KEY_INVALID', 'exportable'],
    ['a missing key', 'nowhere', 'KEY_MISSING', 'nowhere'],
  ])(
    'a worker that is started with %s ends with the code of its error and writes nothing',
    async (_, key, code, text) => {
      const { token } = vaultAsRoot();
      const wrong = { VAULT_ROLE_ID: '', VAULT_SECRET_ID: '', VAULT_TOKEN: token, VAULT_TRANSIT_KEY: key };
      const { stderr, database } = await startMisconfigured(wrong);
      expect(stderr).toMatch(new RegExp(`error \\[${code}\\]: .*${text}`));
      expect(stderr).not.toContain(token);
      expect(await collectionsOf(database)).toEqual([]);
    },
  );

  test.each([
    ['an unreachable Temporal', { TEMPORAL_ADDRESS: CLOSED }, 'TEMPORAL_UNREACHABLE', 1],
    ['a missing bucket', { S3_BUCKET: 'nowhere' }, 'BUCKET_MISSING', 1],
    ['an impossible number of processes', { WORKER_PROCESSES: '0' }, 'CONFIG_INVALID', 2],
  ])(
    'the command "worker" with %s prints its error once, restarts nothing and writes nothing',
    async (_, wrong, code, exitCode) => {
      const { stderr, database } = await startMisconfigured(wrong, [CLI, 'worker'], exitCode);
      expect(stderr.match(/^error \[.*/gm)).toEqual([expect.stringContaining(`error [${code}]: `)]);
      expect(await collectionsOf(database)).toEqual([]);
    },
  );
});
