/** How far the ledger of one origin is committed; every entry below `size` is fixed for ever. */
export interface LedgerHead {
  readonly size: number;
  /** RFC 6962 root of the committed entries. */
  readonly root: Buffer;
}

/** The committed entries of the ledger, in order. What is published follows it, never the other way. */
export interface LedgerSequencer {
  /** Commits the entry of a snapshot once and returns its index; SNAPSHOT_CONFLICT when it has another entry already. */
  append(snapshotId: string, entry: Buffer): Promise<number>;
  head(): Promise<LedgerHead>;
  /** Entries `[from, until)`, all of them committed. */
  list(from: number, until: number): Promise<readonly Buffer[]>;
}
