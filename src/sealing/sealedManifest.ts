import { manifestKey } from '../evidence/objectKeys';
import { sha256Hex } from '../tlog/sha256';
import { SnapshotError } from '../errors';
import type { SealingDeps } from './deps';
import type { ManifestedRow } from './snapshotRows';

/** The bytes of the sealed manifest, read from storage; STORAGE_CONFLICT when storage returns anything else. */
export async function readSealedManifest(deps: SealingDeps, row: ManifestedRow): Promise<Buffer> {
  const key = manifestKey(row.snapshotId);
  const stored = await deps.store.get(key, row.manifest.sizeBytes, row.manifest.versionId);
  if (stored && sha256Hex(stored.body) === row.manifest.sha256) return stored.body;
  const found = stored ? sha256Hex(stored.body) : 'nothing';
  const message = `storage does not return the manifest that was sealed [key=${key}, expected=${row.manifest.sha256}, found=${found}]`;
  throw new SnapshotError('STORAGE_CONFLICT', message);
}
