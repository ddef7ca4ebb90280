import type { AppendedLeaf, SnapshotRef } from '../src/contract/activities';
import { entryOf } from '../src/evidence/ledgerEntry';
import { parseManifest } from '../src/evidence/manifest';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { publishLedger } from '../src/sealing/publishLedger';
import { readSealedManifest } from '../src/sealing/sealedManifest';
import { findSigned } from '../src/sealing/snapshotRows';

/**
 * Appends the snapshot to the ledger: its entry is committed in the database first, then tiles and a signed checkpoint
 * over it are published. LEDGER_BEHIND and LEDGER_FORKED when database and bucket no longer hold the same history.
 */
export function appendToLedger(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<AppendedLeaf> {
  return withHeartbeat(async (signal) => {
    const row = await findSigned(deps, snapshotId);
    const manifest = parseManifest(await readSealedManifest(deps, row));
    const ledgerIndex = await deps.ledger.append(snapshotId, entryOf(manifest, row.manifest.sha256));
    const ledgerSize = await publishLedger(deps, signal);
    if (deps.ledgerIndex.indexOf(snapshotId) !== ledgerIndex) {
      const message = `the database lost ledger entry ${ledgerIndex} of ${snapshotId} while it was published: it was restored to an older state. Restore the ledger's collections to the newest state`;
      throw new SnapshotError('LEDGER_BEHIND', message);
    }
    await deps.snapshots.setLedgerIndex(snapshotId, ledgerIndex);
    return { ledgerIndex, ledgerSize };
  });
}
