import { SnapshotError } from '../errors';

const UNCHANGED = 'nothing was signed, and nothing that is published was changed';

/** Bucket and database hold different histories, or the bucket holds something that this product never writes. */
export function forked(what: string): SnapshotError {
  return new SnapshotError('LEDGER_FORKED', `${what}; ${UNCHANGED}`);
}

/** An object of the published ledger was hidden or replaced by an earlier state; `next` says what to do. */
export function rolledBack(what: string, next: string): SnapshotError {
  return new SnapshotError('LEDGER_ROLLED_BACK', `${what}; ${UNCHANGED}. ${next}`);
}

/** A row of the ledger in the database that follows from no sealed snapshot. */
export function unproven(index: number, what: string): SnapshotError {
  const message = `ledger entry ${index} in the database ${what}; ${UNCHANGED}. Find out who wrote the row, then remove it: audit-snapshot ledger repair`;
  return new SnapshotError('LEDGER_ENTRY_INVALID', message);
}
