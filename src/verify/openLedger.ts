import { SnapshotError } from '../errors';
import { makeTrustFile } from '../evidence/trustFile';
import type { ObjectStore } from '../ports/objectStore';
import type { Signer } from '../ports/signer';
import { bucketReader } from './evidenceReaders';
import { verifyLedger, type Ledger } from './verifyLedger';

export interface OpenLedgerDeps {
  readonly store: ObjectStore;
  readonly signer: Signer;
  readonly settings: { readonly origin: string };
}

/**
 * The published ledger, verified with the keys that the signer holds. EVIDENCE_INVALID or EVIDENCE_INCOMPLETE, with the
 * first failure, when it is not VERIFIED.
 */
export async function openLedger({ store, signer, settings }: OpenLedgerDeps): Promise<Ledger> {
  const trust = makeTrustFile(settings.origin, await signer.listKeys());
  const { report, ledger } = await verifyLedger(bucketReader(store), { trust, key: 'pinned' });
  if (ledger && report.verdict === 'VERIFIED') return ledger;

  const [failure] = report.failures;
  const code = report.verdict === 'INCOMPLETE' ? 'EVIDENCE_INCOMPLETE' : 'EVIDENCE_INVALID';
  const reason = failure
    ? `${failure.layer}: ${failure.object}, found ${failure.found.slice(0, 200)}`
    : 'nothing to check';
  throw new SnapshotError(code, `the ledger of ${settings.origin} is ${report.verdict}: ${reason}`);
}
