/** How far the ledger of one origin is committed; entries below `size` never change. */
export interface LedgerHead {
  readonly size: number;
  /** RFC 6962 root of the committed entries. */
  readonly root: Buffer;
}

export interface LedgerRow {
  readonly snapshotId: string;
  readonly entry: Buffer;
}

/**
 * Gives entries their index: the committed entries of one ledger, in order. It is the source of what is published, and
 * the bucket is never read to change it. A backend commits an entry and its index in one atomic change, so a crash
 * leaves an entry committed or absent, and concurrent appends leave no gap. Errors: DATABASE_*.
 */
export interface LedgerSequencer {
  /**
   * Commits the entry of a snapshot once and returns its index; SNAPSHOT_CONFLICT when it has another entry already,
   * ORIGIN_MISMATCH when it is in the ledger of another origin, LEDGER_ENTRY_INVALID when a row of no entry is in the way.
   */
  append(snapshotId: string, entry: Buffer): Promise<number>;
  /** How far the ledger is committed. It writes nothing, so a reader of the database may call it. */
  head(): Promise<LedgerHead>;
  /** Entries `[from, until)`, all of them committed; LEDGER_BEHIND when one is missing. */
  list(from: number, until: number): Promise<readonly Buffer[]>;
  /** The rows from an index on, up to the first gap, whether or not the head includes them. */
  listRows(from: number): Promise<readonly Buffer[]>;
  /** Makes these the committed entries, and removes every other row; only while nothing is appended. Counts the changes. */
  replaceAll(entries: readonly LedgerRow[]): Promise<{ readonly restored: number; readonly removed: number }>;
}
