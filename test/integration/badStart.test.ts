import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { connectDatabase } from '../../src/mongo/connection';
import { readStorageConfig } from '../../src/config';
import { storageClient } from '../harness/lockedObject';
import { vaultAsRoot } from '../harness/vaultAsRoot';

const run = promisify(execFile);
const WORKER = resolve(__dirname, '../../dist/src/worker/process.js');
const CLI = resolve(__dirname, '../../dist/src/cli/main.js');
const CLOSED = '127.0.0.1:1';

/** A worker started with something wrong, until it ends; it must not have run. */
async function startWrongly(
  wrong: Readonly<Record<string, string>>,
  args: readonly string[] = [WORKER],
  exitCode = 1,
): Promise<{ stderr: string; database: string }> {
  const database = `bad${randomUUID().slice(0, 8)}`;
  const uri = new URL(process.env['MONGODB_URI']!);
  uri.pathname = `/${database}`;
  const env = { ...process.env, MONGODB_URI: uri.href, TEMPORAL_TASK_QUEUE: database, ...wrong };
  const failure = await run(process.execPath, args, { env, timeout: 60_000 }).then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  expect(failure).toMatchObject({ code: exitCode });
  return { stderr: failure!.stderr, database };
}

async function collectionsOf(database: string): Promise<string[]> {
  const uri = new URL(process.env['MONGODB_URI']!);
  uri.pathname = `/${database}`;
  const connection = await connectDatabase(uri.href);
  const collections = await connection.db!.listCollections().toArray();
  await connection.close();
  return collections.map(({ name }) => name);
}

describe('a worker that is started with something wrong', () => {
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
    ['Temporal that is not there', { TEMPORAL_ADDRESS: CLOSED }, 'TEMPORAL_UNREACHABLE', CLOSED],
    ['a namespace that is not there', { TEMPORAL_NAMESPACE: 'nowhere' }, 'TEMPORAL_FAILED', 'nowhere'],
    [
      'a database that is not there',
      { MONGODB_URI: `mongodb://${CLOSED}/x` },
      'DATABASE_UNREACHABLE',
      'MONGODB_URI',
    ],
    ['storage that is not there', { S3_ENDPOINT: `http://${CLOSED}` }, 'STORAGE_UNREACHABLE', 'ECONNREFUSED'],
    ['a wrong storage key', { S3_SECRET_KEY: 'wrong-secret-value' }, 'STORAGE_UNAUTHORIZED', 'credentials'],
    ['a bucket that is not there', { S3_BUCKET: 'nowhere' }, 'BUCKET_MISSING', 'bucket=nowhere'],
    [
      'a bucket without Object Lock',
      { S3_BUCKET: 'without-lock' },
      'BUCKET_WITHOUT_LOCK',
      'bucket=without-lock',
    ],
    ['Vault that is not there', { VAULT_ADDR: `http://${CLOSED}` }, 'SIGNER_UNREACHABLE', 'ECONNREFUSED'],
    ['a wrong AppRole secret', { VAULT_SECRET_ID: 'wrong-secret-value' }, 'SIGNER_UNAUTHORIZED', 'AppRole'],
    ['a key outside the policy', { VAULT_TRANSIT_KEY: 'somebody-elses' }, 'SIGNER_UNAUTHORIZED', 'policy'],
  ])('%s: ends with its code, and nothing is written', async (_, wrong, code, text) => {
    const { stderr, database } = await startWrongly(wrong);
    const line = stderr.trimEnd().split('\n').at(-1);
    expect(line).toMatch(new RegExp(`^error \\[${code}\\]: `));
    expect(line).toContain(text);
    expect(stderr).not.toContain('wrong-secret-value');
    expect(await collectionsOf(database)).toEqual([]);
  });

  test.each([
    ['a key of another type', 'of-another-type', 'KEY_INVALID', 'ecdsa-p256'],
    ['an exportable key', 'that-is-exportable', 'KEY_INVALID', 'exportable'],
    ['a key that is not there', 'nowhere', 'KEY_MISSING', 'nowhere'],
  ])('%s: ends with its code, and nothing is written', async (_, key, code, text) => {
    const { token } = vaultAsRoot();
    const wrong = { VAULT_ROLE_ID: '', VAULT_SECRET_ID: '', VAULT_TOKEN: token, VAULT_TRANSIT_KEY: key };
    const { stderr, database } = await startWrongly(wrong);
    expect(stderr).toMatch(new RegExp(`error \\[${code}\\]: .*${text}`));
    expect(stderr).not.toContain(token);
    expect(await collectionsOf(database)).toEqual([]);
  });

  test.each([
    ['Temporal that is not there', { TEMPORAL_ADDRESS: CLOSED }, 'TEMPORAL_UNREACHABLE', 1],
    ['a bucket that is not there', { S3_BUCKET: 'nowhere' }, 'BUCKET_MISSING', 1],
    ['an impossible number of processes', { WORKER_PROCESSES: '0' }, 'CONFIG_INVALID', 2],
  ])(
    'the command with %s: ends with its code, said once, and nothing is tried again',
    async (_, wrong, code, exitCode) => {
      const { stderr, database } = await startWrongly(wrong, [CLI, 'worker'], exitCode);
      expect(stderr.match(/^error \[.*/gm)).toEqual([expect.stringContaining(`error [${code}]: `)]);
      expect(await collectionsOf(database)).toEqual([]);
    },
  );
});
