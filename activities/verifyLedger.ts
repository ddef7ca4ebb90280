import { SnapshotError } from '../src/errors';
import { readLedger, type Ledger } from '../src/evidence/readLedger';
import { makeTrustFile } from '../src/evidence/trust';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './heartbeat';

/** Verifies the published ledger with the keys that the signer serves. EVIDENCE_INVALID, EVIDENCE_INCOMPLETE. */
export function verifyLedger(deps: ActivityDeps): Promise<{ readonly ledgerSize: number }> {
  return withHeartbeat(async () => ({ ledgerSize: (await openLedger(deps)).size }));
}

/** The published ledger, verified as a whole. */
export async function openLedger({ store, signer, settings }: ActivityDeps): Promise<Ledger> {
  const reader = {
    read: async (key: string, versionId: string | undefined, maxBytes: number) =>
      (await store.get(key, maxBytes, versionId))?.body,
  };
  const trust = makeTrustFile(settings.origin, await signer.listKeys());
  const { report, ledger } = await readLedger(reader, { trust, key: 'pinned' });
  if (ledger && report.verdict === 'VERIFIED') return ledger;
  const [failure] = report.failures;
  const code = report.verdict === 'INCOMPLETE' ? 'EVIDENCE_INCOMPLETE' : 'EVIDENCE_INVALID';
  const what = failure
    ? `${failure.layer}: ${failure.object}, found ${failure.found.slice(0, 200)}`
    : 'nothing to check';
  throw new SnapshotError(code, `the ledger of ${settings.origin} does not verify: ${what}`);
}
