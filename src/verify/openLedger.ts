import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
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

/** The ledger that a process verified last in each store. */
const verified = new WeakMap<ObjectStore, Ledger>();

/**
 * The ledger that this process verified last, as long as its checkpoint is the newest one; otherwise, the published ledger
 * is verified again. One request where nothing is new. Errors of {@link openLedger}.
 */
export async function reopenLedger(deps: OpenLedgerDeps): Promise<Ledger> {
  const known = verified.get(deps.store);
  const newest = known && (await deps.store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES));
  return known && newest?.body.equals(known.checkpoint) === true ? known : openLedger(deps);
}

/**
 * The published ledger, verified with the keys that the signer holds. EVIDENCE_INVALID or EVIDENCE_INCOMPLETE, with the
 * first failure, when it is not VERIFIED. Its locks are not checked: a lock that ends too early says nothing about what the
 * ledger holds, and the scheduled check extends it.
 */
export async function openLedger({ store, signer, settings }: OpenLedgerDeps): Promise<Ledger> {
  const trust = makeTrustFile(settings.origin, await signer.listKeys());
  const { report, ledger } = await verifyLedger(bucketReader(store), {
    trust,
    key: 'pinned',
    locks: 'not checked',
  });
  if (ledger && report.verdict === 'VERIFIED') {
    verified.set(store, ledger);
    return ledger;
  }

  const [failure] = report.failures;
  const code = report.verdict === 'INCOMPLETE' ? 'EVIDENCE_INCOMPLETE' : 'EVIDENCE_INVALID';
  const reason = failure
    ? `${failure.layer}: ${failure.object}, found ${failure.found.slice(0, 200)}`
    : 'nothing to check';
  throw new SnapshotError(code, `the ledger of ${settings.origin} is ${report.verdict}: ${reason}`);
}
