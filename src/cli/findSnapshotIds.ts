import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors';

/** The snapshots of an exported directory, `snapshots/<snapshotId>/…`; none at all is EVIDENCE_INCOMPLETE. */
export async function findSnapshotIds(directory: string): Promise<readonly string[]> {
  const entries = await readdir(join(directory, 'snapshots'), { withFileTypes: true }).catch(() => []);
  const ids = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (ids.length > 0) return ids.toSorted();
  const message = `no snapshots below ${directory}; a directory of evidence holds snapshots/<snapshotId>/manifest.json`;
  throw new SnapshotError('EVIDENCE_INCOMPLETE', message);
}
