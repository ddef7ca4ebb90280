import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonEnvironment } from './pythonEnvironment';

const VERSION = '4.32.5';
const run = promisify(execFile);

/** Installs the program unless it is in the cache. It takes a while, which is not part of any test. */
export async function installSchemathesis(): Promise<void> {
  await pythonEnvironment('schemathesis', VERSION);
}

/**
 * Runs https://schemathesis.readthedocs.io against the service at `url`; the program reads the token from its environment.
 */
export async function runSchemathesis(
  config: string,
  url: string,
  token: string,
  ...flags: readonly string[]
): Promise<{ code: number; output: string }> {
  const { bin } = await pythonEnvironment('schemathesis', VERSION);
  const args = ['--config-file', config, 'run', `${url}/openapi.json`, '--no-color', ...flags];
  const env = { ...process.env, JOB_SERVICE_TOKEN: token };
  const { code, stdout, stderr } = await run(join(bin, 'schemathesis'), args, {
    env,
    // It writes a cache to its working directory.
    cwd: tmpdir(),
    maxBuffer: 2 ** 26,
  }).then(
    (done) => ({ ...done, code: 0 }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  return { code, output: `${stdout}${stderr}` };
}
