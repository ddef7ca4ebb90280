import { parseEntry } from '../../evidence/ledgerEntry';
import { LEDGER_CHECKPOINT_KEY, ledgerKey, manifestKey } from '../../evidence/objectKeys';
import type { ProbeGauges } from '../../monitoring/metrics';
import type { LedgerSequencer } from '../../ports/ledgerSequencer';
import type { ObjectStore } from '../../ports/objectStore';
import type { Probe } from './probe';

export interface RetentionProbeDeps {
  readonly store: Pick<ObjectStore, 'listVersions' | 'readLock'>;
  readonly ledger: Pick<LedgerSequencer, 'head' | 'list'>;
  readonly gauges: Pick<ProbeGauges, 'retention'>;
  readonly nowMs: () => number;
}

/** Snapshots whose objects are gone, which one measurement passes at most. */
const MAX_PASSED = 50;
/** Level 0 of the Merkle tree: its first tile is the oldest object that every later snapshot needs. */
const OLDEST_TILE = ledgerKey('tile/0/');

/**
 * How long the locks of the oldest snapshot and of the ledger last. The oldest snapshot is the first in the ledger whose
 * manifest is still stored; of the ledger, the checkpoint and the oldest tile are read.
 */
export function retentionProbe(deps: RetentionProbeDeps): Probe {
  const { gauges, nowMs } = deps;
  let oldest = 0;
  const show = (scope: string, until: Date | undefined): void => {
    if (until) gauges.retention.set({ scope }, (until.getTime() - nowMs()) / 1000);
    else gauges.retention.remove({ scope });
  };
  return {
    name: 'retention',
    measure: async (signal) => {
      const { size } = await deps.ledger.head();
      // A database that was restored has fewer entries than before.
      oldest = Math.min(oldest, size);
      let until: Date | undefined;
      for (let passed = 0; oldest < size && passed < MAX_PASSED; passed++) {
        signal.throwIfAborted();
        const [entry] = await deps.ledger.list(oldest, oldest + 1);
        until = await lockOf(deps, manifestKey(parseEntry(entry!).snapshotId));
        if (until) break;
        oldest++;
      }
      show('oldest_snapshot', until);
      if (size === 0) return show('ledger', undefined);
      const locks = [await lockOf(deps, LEDGER_CHECKPOINT_KEY), await lockOf(deps, OLDEST_TILE)];
      // An object without a lock has no time left.
      show('ledger', new Date(Math.min(...locks.map((lock) => lock?.getTime() ?? nowMs()))));
    },
  };
}

/** The lock of the newest version of the first key with this prefix; undefined where nothing is stored. */
async function lockOf({ store }: RetentionProbeDeps, prefix: string): Promise<Date | undefined> {
  for await (const { key, versionId, isDeleteMarker } of store.listVersions(prefix)) {
    if (isDeleteMarker) continue;
    return (await store.readLock(key, versionId))?.until ?? new Date(0);
  }
  return undefined;
}
