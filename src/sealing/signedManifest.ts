import { isSnapshotError } from '../errors';
import { entryOf } from '../evidence/ledgerEntry';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { tryParseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import type { SigningKey } from '../ports/signer';
import { sha256Hex } from '../tlog/sha256';
import { checkEntries } from './checkEntries';
import type { LedgerReading } from './publishedLedger';

/**
 * The manifest of a snapshot that the ledger does not have, if a key that the signer lists has signed it; an unsigned one
 * could be of anyone who can write. STORAGE_*.
 */
export async function readSignedManifest(
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
