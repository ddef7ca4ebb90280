import { isSnapshotError } from '../errors';
import { entryOf } from '../evidence/ledgerEntry';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { tryParseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import type { SigningKey } from '../ports/signer';
import { sha256Hex } from '../tlog/sha256';
import { checkEntries } from './checkEntries';
import type { LedgerReading } from './publishedLedger';
import { rebuildChunk } from './restoreChunk';
import { openRow, type LedgeredSnapshot, type RestoreDeps } from './restoreSnapshot';
import { emptyHashState } from './resumePoint';

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
  const manifest = await readSigned(deps, keys, snapshotId);
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

/** The manifest, if a key that the signer lists has signed it; an unsigned one could be of anyone who can write. */
async function readSigned(
  deps: LedgerReading,
  keys: readonly SigningKey[],
  snapshotId: string,
): Promise<Manifest | undefined> {
  const stored = await deps.store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES);
  const manifest = stored && tryParseManifest(stored.body);
  if (!manifest) return undefined;
  try {
    await checkEntries(deps, keys, 0, [entryOf(manifest, sha256Hex(stored.body))]);
    return manifest;
  } catch (error) {
    if (isSnapshotError(error, 'LEDGER_ENTRY_INVALID')) return undefined;
    throw error;
  }
}
