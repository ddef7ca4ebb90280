import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../dev/stack/cache';

const run = promisify(execFile);

/** A Python with MongoDB's own BSON library, in a virtual environment of the user-level cache; made on first use. */
async function pythonWithBson(): Promise<string> {
  const folder = join(cacheRoot(process.env), 'test', 'pymongo-4.15.3');
  const python = join(folder, 'bin', 'python');
  if (!existsSync(join(folder, 'ready'))) {
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', 'pymongo==4.15.3']);
    await run('touch', [join(folder, 'ready')]);
  }
  return python;
}

export interface ReadRecord {
  readonly id: string;
  readonly hash: string | null;
  readonly actorId: string;
}

/** The records of a stored chunk as MongoDB's Python driver reads them. */
export async function readChunkWithPython(chunkPath: string): Promise<ReadRecord[]> {
  const script = join(__dirname, 'pythonReader.py');
  const { stdout } = await run(await pythonWithBson(), [script, chunkPath], { maxBuffer: 2 ** 28 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ReadRecord);
}
