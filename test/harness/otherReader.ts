import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../dev/stack/cache';
import { withLock } from '../../dev/stack/lock';

const run = promisify(execFile);

/** A Python with MongoDB's own BSON library, in a virtual environment of the user-level cache; made on first use. */
export async function pythonWithBson(): Promise<string> {
  const room = join(cacheRoot(process.env), 'test', 'pymongo-4.15.3');
  const python = join(room, 'bin', 'python');
  await mkdir(dirname(room), { recursive: true });
  await withLock(`${room}.lock`, {}, async () => {
    if (existsSync(join(room, 'ready'))) return;
    await run('python3', ['-m', 'venv', room]);
    await run(python, ['-m', 'pip', 'install', '--quiet', 'pymongo==4.15.3']);
    await run('touch', [join(room, 'ready')]);
  });
  return python;
}

export interface ReadRecord {
  readonly id: string;
  readonly hash: string | null;
  readonly actorId: string;
}

/** The records of a stored chunk as a reader sees them that is not ours. */
export async function readWithPython(chunkPath: string): Promise<ReadRecord[]> {
  const script = join(__dirname, 'otherReader.py');
  const { stdout } = await run(await pythonWithBson(), [script, chunkPath], { maxBuffer: 2 ** 28 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ReadRecord);
}
