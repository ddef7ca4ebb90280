import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { openLedger } from '../src/verify/openLedger';

/** Verifies the published ledger under the keys that the signer serves. EVIDENCE_INVALID, EVIDENCE_INCOMPLETE. */
export function verifyLedger(deps: SealingDeps): Promise<{ readonly ledgerSize: number }> {
  return withHeartbeat(async () => ({ ledgerSize: (await openLedger(deps)).size }));
}
