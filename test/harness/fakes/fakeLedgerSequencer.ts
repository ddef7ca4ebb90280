import { SnapshotError } from '../../../src/errors';
import { leafHash, rootOfLeaves } from '../../../src/tlog/merkle';
import type { LedgerSequencer, LedgerHead, LedgerRow } from '../../../src/ports/ledgerSequencer';
import { FaultPlan } from './faults';

/** The committed entries of one ledger in memory. */
export class FakeLedgerSequencer implements LedgerSequencer {
  readonly faults = new FaultPlan<keyof LedgerSequencer>('DATABASE_UNREACHABLE');
  /** Public, because a restore from a backup changes it. */
  leaves: { readonly snapshotId: string; readonly entry: Buffer }[] = [];

  append(snapshotId: string, entry: Buffer): Promise<number> {
    return this.faults.run('append', () => {
      const index = this.leaves.findIndex((leaf) => leaf.snapshotId === snapshotId);
      if (index < 0) return this.leaves.push({ snapshotId, entry: Buffer.from(entry) }) - 1;
      if (this.leaves[index]!.entry.equals(entry)) return index;
      throw new SnapshotError('SNAPSHOT_CONFLICT', `the ledger has another entry of ${snapshotId}`);
    });
  }

  head(): Promise<LedgerHead> {
    return this.faults.run('head', () => ({
      size: this.leaves.length,
      root: rootOfLeaves(this.leaves.map(({ entry }) => leafHash(entry))),
    }));
  }

  list(from: number, until: number): Promise<readonly Buffer[]> {
    return this.faults.run('list', () => this.leaves.slice(from, until).map(({ entry }) => entry));
  }

  listRows(from: number): Promise<readonly Buffer[]> {
    return this.faults.run('listRows', () => this.leaves.slice(from).map(({ entry }) => entry));
  }

  replaceAll(entries: readonly LedgerRow[]): Promise<{ restored: number; removed: number }> {
    return this.faults.run('replaceAll', () => {
      const kept = this.leaves.filter(({ entry }, index) => entries[index]?.entry.equals(entry)).length;
      const counts = { restored: entries.length - kept, removed: this.leaves.length - kept };
      this.leaves = [...entries];
      return counts;
    });
  }
}
