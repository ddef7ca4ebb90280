import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonEnvironment } from './pythonEnvironment';

/** A Python with MongoDB's own BSON library. */
export async function pythonWithBson(): Promise<string> {
  const { bin } = await pythonEnvironment('pymongo', '4.15.3');
  return join(bin, 'python');
}

export interface ReadRecord {
  readonly id: string;
  readonly hash: string | null;
  readonly actorId: string;
}

/** The records of a stored chunk as MongoDB's Python driver reads them. */
export async function readChunkWithPython(chunkPath: string): Promise<ReadRecord[]> {
  const args = [join(__dirname, 'pythonReader.py'), chunkPath];
  const { stdout } = await promisify(execFile)(await pythonWithBson(), args, { maxBuffer: 2 ** 28 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ReadRecord);
}
