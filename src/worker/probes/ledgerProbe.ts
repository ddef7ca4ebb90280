import { SnapshotError } from '../../errors';
import type { ProbeGauges } from '../../monitoring/metrics';
import type { Signer } from '../../ports/signer';
import { compareProvenLedger } from '../../sealing/compareLedger';
import type { LedgerSequencer } from '../../ports/ledgerSequencer';
import type { LedgerReading } from '../../sealing/publishedLedger';
import type { Probe } from './probe';

export interface LedgerProbeDeps extends LedgerReading {
  readonly ledger: Pick<LedgerSequencer, 'head' | 'list'>;
  readonly signer: Pick<Signer, 'listKeys'>;
  readonly gauges: Pick<ProbeGauges, 'ledgerSize' | 'ledgerConsistent' | 'keyAge'>;
  readonly nowMs: () => number;
}

/** Two histories. A database that only has fewer entries than the bucket has a code, and an alert, of its own. */
const CONTRADICTIONS: ReadonlySet<string> = new Set([
  'LEDGER_FORKED',
  'LEDGER_ROLLED_BACK',
  'LEDGER_ENTRY_INVALID',
  'ORIGIN_MISMATCH',
]);

/** Size of the ledger, age of the key that signs it, and whether bucket and database have the same ledger. */
export function ledgerProbe(deps: LedgerProbeDeps): Probe {
  const { gauges } = deps;
  return {
    name: 'ledger',
    measure: async () => {
      const { size } = await deps.ledger.head();
      gauges.ledgerSize.set(size);
      const keys = await deps.signer.listKeys();
      const newest = keys.at(-1);
      if (newest) gauges.keyAge.set((deps.nowMs() - newest.createdAt.getTime()) / 1000);
      try {
        await compareProvenLedger(deps, keys);
        gauges.ledgerConsistent.set(1);
      } catch (error) {
        if (error instanceof SnapshotError && CONTRADICTIONS.has(error.code)) gauges.ledgerConsistent.set(0);
        throw error;
      }
    },
  };
}
