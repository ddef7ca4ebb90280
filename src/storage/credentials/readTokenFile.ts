import { readFile } from 'node:fs/promises';
import { SnapshotError } from '../../errors';

/**
 * The token in a file, read at every use because the platform replaces it; `setting` names the file. STORAGE_UNAUTHORIZED,
 * retryable: the file may be missing for a moment while it is replaced.
 */
export async function readTokenFile(setting: string, path: string): Promise<string> {
  let token = '';
  try {
    token = (await readFile(path, 'utf8')).trim();
  } catch {
    // Reported below, without the text of the error: it adds nothing.
  }
  // A line break would end the header that carries the token.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new SnapshotError('STORAGE_UNAUTHORIZED', `${setting} names a file without a token: ${path}`, {
    retryable: true,
  });
}
