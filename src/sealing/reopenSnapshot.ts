import type { SigningKey } from '../ports/signer';
import type { LedgerReading } from './publishedLedger';
import { rebuildChunk } from './restoreChunk';
import { openRow, type LedgeredSnapshot, type RestoreDeps } from './restoreSnapshot';
import { emptyHashState } from './resumePoint';
import { readSignedManifest } from './signedManifest';

/**
 * Writes the rows of a snapshot that is signed and that the ledger does not have: its job was interrupted, and a new run
 * finishes it with the same bytes. False for anything that the signing key did not sign. STORAGE_*, DATABASE_*.
 */
export async function reopenSnapshot(
  deps: RestoreDeps & LedgerReading,
  keys: readonly SigningKey[],
  { snapshotId, windows }: Pick<LedgeredSnapshot, 'snapshotId' | 'windows'>,
  dryRun: boolean,
): Promise<boolean> {
  const manifest = await readSignedManifest(deps, keys, snapshotId);
  if (!manifest) return false;
  if (dryRun) return true;
  const row = openRow(deps, manifest, windows);
  let hash = await emptyHashState();
  for (const listed of manifest.chunks) {
    const rebuilt = await rebuildChunk(deps, row, listed, hash);
    await deps.restorer.putChunk(rebuilt.row, null);
    hash = rebuilt.row.checkpoint.hash;
  }
  await deps.jobs.ensure({ jobId: manifest.jobId, ...manifest.window }, deps.clock.nowMs());
  await deps.restorer.putSnapshot(row);
  return true;
}
