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
  const room = join(cacheRoot(process.env), 'test', `schemathesis-${VERSION}`);
  if (!existsSync(join(room, 'ready'))) {
    await run('python3', ['-m', 'venv', room]);
    await run(join(room, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', `schemathesis==${VERSION}`]);
    await run('touch', [join(room, 'ready')]);
  }
  return join(room, 'bin', 'schemathesis');
}

/** What it prints about the service at `url`, and its exit code; the token stands in the environment of the program. */
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
    // It leaves a cache where it runs.
    cwd: tmpdir(),
    maxBuffer: 2 ** 26,
  }).then(
    (done) => ({ ...done, code: 0 }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  return { code, output: `${stdout}${stderr}` };
}
