import { SnapshotError } from '../errors';
import { parseEntry } from '../evidence/ledgerEntry';
import type { RecordSourceNames } from '../evidence/recordMembers';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import type { SnapshotRepository, SnapshotRow } from '../ports/snapshotRepository';
import { deepEqualJson } from './deepEqualJson';

/** Refuses a snapshot that was opened for another collection, or with other names of its members: SOURCE_MISMATCH. */
export function requireSameSource(
  { snapshotId, source }: Pick<SnapshotRow, 'snapshotId' | 'source'>,
  own: RecordSourceNames,
): void {
  if (deepEqualJson(source, own)) return;
  const message = `${snapshotId} was opened for ${describe(source)}, and this process seals ${describe(own)}; nothing was written. All processes of an origin need the same AUDIT_COLLECTION, AUDIT_*_MEMBER and AUDIT_ELIGIBLE`;
  throw new SnapshotError('SOURCE_MISMATCH', message);
}

/**
 * Refuses to seal another collection into a ledger than its newest snapshot: the log time of a ledger is that of one
 * collection. It costs three reads, however long the ledger is. SOURCE_MISMATCH, DATABASE_*.
 */
export async function requireLedgerSource(
  {
    ledger,
    snapshots,
  }: {
    readonly ledger: Pick<LedgerSequencer, 'head' | 'list'>;
    readonly snapshots: Pick<SnapshotRepository, 'find'>;
  },
  own: RecordSourceNames,
): Promise<void> {
  const { size } = await ledger.head();
  const [newest] = size === 0 ? [] : await ledger.list(size - 1, size);
  const snapshotId = newest && snapshotIdOf(newest);
  const row = snapshotId === undefined ? undefined : await snapshots.find(snapshotId);
  if (row === undefined || deepEqualJson(namesOf(row.source), namesOf(own))) return;
  const message = `the ledger of ${row.origin} seals ${describe(row.source)}, and this process is configured for ${describe(own)}; correct AUDIT_COLLECTION and AUDIT_*_MEMBER, or choose a new AUDIT_ORIGIN and a new bucket for the other collection`;
  throw new SnapshotError('SOURCE_MISMATCH', message);
}

/** What a ledger is of. Whether records without a mark are sealed may change from one snapshot to the next. */
function namesOf({ collection, members }: RecordSourceNames): RecordSourceNames {
  return { collection, members };
}

/** Undefined for a row that is no entry: publishing the ledger refuses it, with its own code. */
function snapshotIdOf(entry: Buffer): string | undefined {
  try {
    return parseEntry(entry).snapshotId;
  } catch {
    return undefined;
  }
}

function describe({ collection, members, eligible }: RecordSourceNames): string {
  const { time, hash, immutable, snapshotId } = members;
  return `collection ${collection} (members ${time}, ${hash}, ${immutable}, ${snapshotId}; eligible ${eligible ?? 'flagged'})`;
}
