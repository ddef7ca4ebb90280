import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SnapshotError } from '../errors';

/** Reads a file that comes from outside: a plain file of at most `maxBytes`. USAGE_INVALID names the path. */
export async function readLocalFile(path: string, maxBytes: number): Promise<Buffer> {
  const refuse = (what: string, cause?: unknown) =>
    new SnapshotError('USAGE_INVALID', `${what} [path=${path}]`, { cause });
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw refuse('the file cannot be read', cause);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw refuse('not a file');
    if (stat.size > maxBytes) throw refuse(`a file of ${stat.size} bytes, larger than ${maxBytes}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
