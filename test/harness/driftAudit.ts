import { makeTrustFile } from '../../src/evidence/trustFile';
import { auditDrift, type DriftAudit } from '../../src/verify/auditDrift';
import type { DriftAuditOptions } from '../../src/verify/driftRun';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { verifyLedger, type Ledger } from '../../src/verify/verifyLedger';
import type { FakeDeps } from './fakeDeps';

const DAY_MS = 86_400_000;

/** The ledger in the store of the fakes, verified. */
export async function readFakeLedger(deps: FakeDeps): Promise<Ledger> {
  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  const { ledger, report } = await verifyLedger(bucketReader(deps.store), { trust, key: 'pinned' });
  if (ledger) return ledger;
  throw new Error(`the ledger does not verify: ${JSON.stringify(report.failures)}`);
}

/** Compares the fake log with everything that is sealed in the fake store. */
export async function auditFakes(
  deps: FakeDeps,
  options: Partial<DriftAuditOptions> = {},
): Promise<DriftAudit> {
  return auditDrift(deps, {
    ledger: await readFakeLedger(deps),
    readLedger: () => readFakeLedger(deps),
    source: deps.settings.source,
    fromIndex: 0,
    lateAllowanceMs: DAY_MS,
    ...options,
  });
}
