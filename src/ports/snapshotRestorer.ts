import type { ChunkRow, SnapshotRow } from './snapshotRepository';

/**
 * Writes the rows of snapshots anew from their evidence, over whatever the database has. Only for a database that was lost
 * or restored to an older state, while no worker runs; repeating a call changes nothing. Errors: DATABASE_*.
 */
export interface SnapshotRestorer {
  /** Replaces the row of a chunk; `conflicts` are the records that are not marked, null while none is marked yet. */
  putChunk(row: ChunkRow, conflicts: readonly string[] | null): Promise<void>;
  /** Replaces the row of a snapshot, and removes the rows of chunks that it does not have. */
  putSnapshot(row: SnapshotRow): Promise<void>;
}

/** Inserts records that a snapshot contains and the log lost. Errors: DATABASE_*. */
export interface SealedRecordInserter {
  /**
   * Inserts raw BSON of the evidence, marked with the snapshot; a record whose id exists stays as it is. Returns the position
   * ids of those that cannot be stored with the same bytes.
   */
  insertSealed(records: readonly Uint8Array[], snapshotId: string): Promise<readonly string[]>;
}
