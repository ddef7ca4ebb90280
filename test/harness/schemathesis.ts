import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../dev/stack/cache';

const VERSION = '4.32.5';
const run = promisify(execFile);

/** The program of https://schemathesis.readthedocs.io, in a virtual environment of the user-level cache; made on first use. */
async function installedProgram(): Promise<string> {
  const folder = join(cacheRoot(process.env), 'test', `schemathesis-${VERSION}`);
  if (!existsSync(join(folder, 'ready'))) {
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', `schemathesis==${VERSION}`]);
    await run('touch', [join(folder, 'ready')]);
  }
  return join(folder, 'bin', 'schemathesis');
}

/** Its output for the service at `url`, and its exit code; the program reads the token from its environment. */
export async function runSchemathesis(
  config: string,
  url: string,
  token: string,
  ...flags: readonly string[]
): Promise<{ code: number; output: string }> {
  const args = ['--config-file', config, 'run', `${url}/openapi.json`, '--no-color', ...flags];
  const env = { ...process.env, JOB_SERVICE_TOKEN: token };
  const { code, stdout, stderr } = await run(await installedProgram(), args, {
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
