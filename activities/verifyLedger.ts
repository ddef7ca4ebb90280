import type { SealingDeps } from '../src/sealing/deps';
import { compareLedger } from '../src/sealing/compareLedger';
import { extendLedgerLocks, listLedgerVersions } from '../src/sealing/ledgerLocks';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { openLedger } from '../src/verify/openLedger';

/**
 * Verifies the published ledger under the keys that the signer serves, compares it with the database, and extends the
 * locks of its objects so that they outlive every snapshot. EVIDENCE_INVALID, EVIDENCE_INCOMPLETE, LEDGER_*.
 */
export function verifyLedger(deps: SealingDeps): Promise<{ readonly ledgerSize: number }> {
  return withHeartbeat(async (signal) => {
    await compareLedger(deps, await deps.signer.listKeys());
    const { size } = await openLedger(deps);
    const settings = { nowMs: deps.clock.nowMs(), retentionMs: deps.settings.retentionMs };
    await extendLedgerLocks(deps.store, listLedgerVersions(deps.store, size), settings, signal);
    return { ledgerSize: size };
  });
}
