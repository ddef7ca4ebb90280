import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../dev/stack/cache';
import { withLock } from '../../dev/stack/lock';

const run = promisify(execFile);

/**
 * The programs of a virtual environment with one PyPI package, in the user-level cache; made on first use. Test files that
 * need it at the same time wait for each other.
 */
export async function pythonEnvironment(name: string, version: string): Promise<{ readonly bin: string }> {
  const folder = join(cacheRoot(process.env), 'test', `${name}-${version}`);
  const bin = join(folder, 'bin');
  await mkdir(dirname(folder), { recursive: true });
  await withLock(`${folder}.lock`, {}, async () => {
    if (existsSync(join(folder, 'ready'))) return;
    await run('python3', ['-m', 'venv', folder]);
    await run(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', `${name}==${version}`]);
    await run('touch', [join(folder, 'ready')]);
  });
  return { bin };
}
