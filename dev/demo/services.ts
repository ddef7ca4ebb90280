import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createDatabaseIndexes } from '../stack/databaseIndexes';
import { createLockedBucket } from '../stack/lockedBucket';
import { quoteForShell } from '../stack/shellQuote';
import type { RunningStack } from '../stack/stack';
import { startChild, type Child } from './childProcess';
import { newServiceKey } from './serviceKey';

/** Supervised workers and a job service on a stack, with a database, a bucket and an origin that nothing else uses. */
export interface DemoServices {
  readonly env: Readonly<Record<string, string>>;
  /** Of the job service. */
  readonly url: string;
  /** Lets its bearer submit, cancel and read jobs. */
  readonly token: string;
  readonly webUi: string;
  readonly directory: string;
  /** Addresses, files and commands for exploring the running demo. */
  readonly guide: string;
}

const PROGRAMS = resolve(__dirname, '../../src');
/** Settings of the job service itself; a shell that explores the demo does not need them. */
const SERVICE_SETTINGS = ['PORT', 'JOB_SERVICE_KEYS_FILE', 'JOB_SERVICE_DRAIN_SECONDS'];

/** Starts both; `onChild` gets each process as soon as it runs, so that it is stopped even if the next one fails. */
export async function startServices(
  stack: RunningStack,
  onChild: (child: Child) => void,
): Promise<DemoServices> {
  const name = `demo-${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)}`;
  const directory = join(stack.dataDir, name);
  mkdirSync(directory, { mode: 0o700 });
  const keys = writeKeys(directory);
  const env = environmentOf(stack, name, keys.keysFile);
  await createLockedBucket(env, name);
  await createDatabaseIndexes(env);

  const service = await startChild(
    join(PROGRAMS, 'http/main.js'),
    env,
    '"listening"',
    join(directory, 'job-service.log'),
  );
  onChild(service);
  const { url } = JSON.parse(service.ready) as { url: string };
  const worker = await startChild(
    join(PROGRAMS, 'worker/main.js'),
    { ...env, JOB_SERVICE_URL: url, JOB_SERVICE_TOKEN: keys.workerToken },
    '"worker processes started"',
    join(directory, 'worker.log'),
  );
  onChild(worker);

  const webUi = stack.env['TEMPORAL_UI_URL'] ?? 'unknown for an external server';
  const guide = describe({ webUi, url, directory, tokenFile: keys.tokenFile, env });
  return { env, url, token: keys.token, webUi, directory, guide };
}

/** One key for the caller of the demo, one for its workers; the job service knows their hashes. */
function writeKeys(directory: string) {
  const user = newServiceKey('demo', 'jobs:write', 'jobs:read');
  const worker = newServiceKey('worker', 'jobs:report');
  const keysFile = join(directory, 'keys.json');
  writeFileSync(keysFile, `${JSON.stringify([user.hashed, worker.hashed], null, 2)}\n`);
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, user.token, { mode: 0o600 });
  return { keysFile, tokenFile, token: user.token, workerToken: worker.token };
}

function environmentOf(stack: RunningStack, name: string, keysFile: string): DemoServices['env'] {
  const uri = new URL(stack.env['MONGODB_URI'] ?? '');
  uri.pathname = `/${name}`;
  return {
    ...stack.env,
    MONGODB_URI: uri.href,
    TEMPORAL_TASK_QUEUE: name,
    AUDIT_ORIGIN: `demo.localhost/${name}`,
    S3_BUCKET: name,
    PORT: '0',
    JOB_SERVICE_KEYS_FILE: keysFile,
    JOB_SERVICE_DRAIN_SECONDS: '0',
  };
}

function describe({
  webUi,
  url,
  directory,
  tokenFile,
  env,
}: Pick<DemoServices, 'webUi' | 'url' | 'directory' | 'env'> & { readonly tokenFile: string }): string {
  return [
    `  Temporal Web UI  ${webUi}`,
    `  job service      ${url}/docs`,
    `                   curl -H "authorization: Bearer $(cat ${tokenFile})" ${url}/jobs`,
    `  logs             ${directory}`,
    `  command line     source ${quoteForShell(writeShellSettings(directory, env))}`,
    '                   audit-snapshot status',
  ].join('\n');
}

/** Writes a file for bash and zsh that makes the command line use the demo; returns its path. */
function writeShellSettings(directory: string, env: DemoServices['env']): string {
  const path = join(directory, 'environment.sh');
  const settings = Object.entries(env).filter(([name]) => !SERVICE_SETTINGS.includes(name));
  const lines = settings.map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  const main = quoteForShell(join(PROGRAMS, 'cli/main.js'));
  writeFileSync(path, `${lines.join('\n')}\naudit-snapshot() { node ${main} "$@"; }\n`, { mode: 0o600 });
  return path;
}
