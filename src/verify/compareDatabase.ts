import { isSnapshotError } from '../errors';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import { leafHash, rootOfLeaves } from '../tlog/merkle';
import type { Ledger } from './verifyLedger';

/** How the ledger entries in the database relate to the published ledger. */
export interface DatabaseComparison {
  /** Committed entries that are not published yet: a job is publishing, or was interrupted. */
  readonly unpublished: number;
  /** What differs, in words; undefined when the database continues the published ledger. */
  readonly difference: string | undefined;
}

/**
 * Compares the committed entries of the database with a published ledger that was verified before: an entry is committed
 * before it is published, so the database has at least the same entries. DATABASE_*.
 */
export async function compareDatabase(
  sequencer: Pick<LedgerSequencer, 'head' | 'list'>,
  { size, root }: Pick<Ledger, 'size' | 'root'>,
): Promise<DatabaseComparison> {
  const head = await sequencer.head();
  if (head.size < size) {
    const difference = `the database has ${head.size} ledger entries and the bucket ${size}: the database is in an older state`;
    return { unpublished: 0, difference };
  }
  const unpublished = head.size - size;
  const committed = size === head.size ? head.root : await rootOfRows(sequencer, size);
  if (committed?.equals(root) === true) return { unpublished, difference: undefined };
  const difference = `the first ${size} ledger entries of the database are not those of the bucket`;
  return { unpublished, difference };
}

/** Undefined when an entry is missing. */
async function rootOfRows(
  sequencer: Pick<LedgerSequencer, 'list'>,
  size: number,
): Promise<Buffer | undefined> {
  try {
    return rootOfLeaves((await sequencer.list(0, size)).map(leafHash));
  } catch (error) {
    if (isSnapshotError(error, 'LEDGER_BEHIND')) return undefined;
    throw error;
  }
}
