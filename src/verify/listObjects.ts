import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors';

/** More objects than any export has; a directory that goes on for ever is not walked for ever. */
const MAX_OBJECTS = 10_000_000;
/** `ledger/tile/0/x001/x234/067.p/5` */
const MAX_DEPTH = 10;

/** Keys of everything below `snapshots/` and `ledger/` of a directory, links included. EVIDENCE_MALFORMED beyond any sense. */
export async function listObjects(directory: string): Promise<readonly string[]> {
  const keys: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true }).catch(() => [])) {
      const key = `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < MAX_DEPTH) await walk(key, depth + 1);
      else if (keys.push(key) > MAX_OBJECTS)
        throw new SnapshotError('EVIDENCE_MALFORMED', `more than ${MAX_OBJECTS} objects below ${directory}`);
    }
  };
  await walk('snapshots', 1);
  await walk('ledger', 1);
  return keys;
}

/** The snapshots that lie in a directory; nothing at all is EVIDENCE_INCOMPLETE. */
export function snapshotIdsOf(directory: string, listed: readonly string[]): readonly string[] {
  const ids = listed.flatMap((key) => {
    const [room, snapshotId = '', ...rest] = key.split('/');
    return room === 'snapshots' && rest.length > 0 ? [snapshotId] : [];
  });
  if (listed.length > 0) return [...new Set(ids)].toSorted();
  const message = `no evidence below ${directory}; a directory of evidence holds ledger/checkpoint and snapshots/<snapshotId>/manifest.json`;
  throw new SnapshotError('EVIDENCE_INCOMPLETE', message);
}
