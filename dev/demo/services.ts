import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLockedBucket } from '../stack/lockedBucket';
import { quoteForShell } from '../stack/shellQuote';
import type { RunningStack } from '../stack/stack';
import { startChild, type Child } from './childProcess';
import { newServiceKey } from './serviceKey';

/** Supervised workers and a job service of their own on a stack, with a database that nothing else uses. */
export interface DemoServices {
  readonly env: Readonly<Record<string, string>>;
  /** Of the job service. */
  readonly url: string;
  /** Lets its bearer submit, cancel and read jobs. */
  readonly token: string;
  readonly webUi: string;
  readonly directory: string;
  /** What is where, for somebody who wants to look around. */
  readonly whereabouts: string;
}

const PROGRAMS = resolve(__dirname, '../../src');
/** Of the job service that runs, not of somebody who looks around. */
const SERVICE_SETTINGS = ['PORT', 'JOB_SERVICE_KEYS_FILE', 'JOB_SERVICE_DRAIN_SECONDS'];

/** Starts both; `onChild` gets each process as soon as it runs, so that it is stopped even if the next one fails. */
export async function startServices(
  stack: RunningStack,
  onChild: (child: Child) => void,
): Promise<DemoServices> {
  const name = `demo-${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)}`;
  const directory = join(stack.dataDir, name);
  mkdirSync(directory, { mode: 0o700 });
  const uri = new URL(stack.env['MONGODB_URI'] ?? '');
  uri.pathname = `/${name}`;
  const user = newServiceKey('demo', 'jobs:write', 'jobs:read');
  const reporter = newServiceKey('worker', 'jobs:report');
  const keysFile = join(directory, 'keys.json');
  writeFileSync(keysFile, `${JSON.stringify([user.hashed, reporter.hashed], null, 2)}\n`);
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, user.token, { mode: 0o600 });
  const env = {
    ...stack.env,
    MONGODB_URI: uri.href,
    TEMPORAL_TASK_QUEUE: name,
    AUDIT_ORIGIN: `demo.localhost/${name}`,
    S3_BUCKET: name,
    PORT: '0',
    JOB_SERVICE_KEYS_FILE: keysFile,
    JOB_SERVICE_DRAIN_SECONDS: '0',
  };
  await createLockedBucket(env, name);
  const service = await startChild(
    join(PROGRAMS, 'http/main.js'),
    env,
    '"listening"',
    join(directory, 'job-service.log'),
  );
  onChild(service);
  const { url } = JSON.parse(service.ready) as { url: string };
  const workerEnv = { ...env, JOB_SERVICE_URL: url, JOB_SERVICE_TOKEN: reporter.token };
  onChild(
    await startChild(
      join(PROGRAMS, 'worker/main.js'),
      workerEnv,
      '"worker processes started"',
      join(directory, 'worker.log'),
    ),
  );
  const webUi = stack.env['TEMPORAL_UI_URL'] ?? 'not known for a server of your own';
  const whereabouts = [
    `  Temporal Web UI  ${webUi}`,
    `  job service      ${url}/docs`,
    `                   curl -H "authorization: Bearer $(cat ${tokenFile})" ${url}/jobs`,
    `  logs             ${directory}`,
    `  command line     source ${quoteForShell(writeShellSettings(directory, env))}`,
    '                   audit-snapshot status',
  ].join('\n');
  return { env, url, token: user.token, webUi, directory, whereabouts };
}

/** What a shell needs to use the command line on all this, as a file for bash and zsh; returns its path. */
function writeShellSettings(directory: string, env: DemoServices['env']): string {
  const path = join(directory, 'environment.sh');
  const settings = Object.entries(env).filter(([name]) => !SERVICE_SETTINGS.includes(name));
  const lines = settings.map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  const main = quoteForShell(join(PROGRAMS, 'cli/main.js'));
  writeFileSync(path, `${lines.join('\n')}\naudit-snapshot() { node ${main} "$@"; }\n`, { mode: 0o600 });
  return path;
}
