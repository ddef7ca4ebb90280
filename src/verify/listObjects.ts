import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError, malformed } from '../errors';

/** More objects than any export has: a hostile directory must not be walked forever. */
const MAX_OBJECTS = 10_000_000;
/** `ledger/tile/0/x001/x234/067.p/5`, with margin for a larger index. */
const MAX_DEPTH = 10;

/** Keys of everything below `snapshots/` and `ledger/` in a directory, links included. EVIDENCE_MALFORMED beyond the limit. */
export async function listObjects(directory: string): Promise<readonly string[]> {
  const keys: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true }).catch(() => [])) {
      const key = `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < MAX_DEPTH) await walk(key, depth + 1);
      else if (keys.push(key) > MAX_OBJECTS)
        throw malformed(`more than ${MAX_OBJECTS} objects in ${directory}`);
    }
  };
  await walk('snapshots', 1);
  await walk('ledger', 1);
  return keys;
}

/** The ids of the snapshots with objects in a directory, sorted. EVIDENCE_INCOMPLETE when it holds no evidence at all. */
export function snapshotIdsOf(directory: string, listed: readonly string[]): readonly string[] {
  if (listed.length === 0) {
    const message = `no evidence in ${directory}; a directory of evidence holds ledger/checkpoint and snapshots/<snapshotId>/manifest.json`;
    throw new SnapshotError('EVIDENCE_INCOMPLETE', message);
  }
  const ids = listed.flatMap((key) => {
    const [folder, snapshotId = '', ...rest] = key.split('/');
    return folder === 'snapshots' && rest.length > 0 ? [snapshotId] : [];
  });
  return [...new Set(ids)].toSorted();
}
