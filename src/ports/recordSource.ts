import type { Position } from '../contract/activities';
import type { Bounds, Window } from '../contract/window';
import type { LeftOutCounts } from '../evidence/leftOut';

/** Log time `[fromMs, untilMs)`, and within it only records after the position `after`. */
export interface LogSlice extends Bounds {
  readonly after: Position | null;
}

export interface MarkOutcome {
  /** Ids of the requested records that are gone or belong to another snapshot, as position ids. */
  readonly conflicts: readonly string[];
}

/** Where records that sealing leaves out are counted. Records that no window can contain are counted wherever they are. */
export interface LeftOutScope {
  /** Log time of the records without a mark; undefined: all of it. */
  readonly within?: Bounds;
  /** Log time that no snapshot of the ledger covers: what is marked there was marked by something else. */
  readonly uncovered: readonly Bounds[];
}

/** The audit entry of a sealed snapshot. */
export interface SnapshotCreated {
  readonly snapshotAssetId: string;
  readonly recordCount: number;
  /** Base64 signature of the manifest. */
  readonly signedHash: string;
}

/**
 * The audit log, as sealing reads and marks it. A backend returns the bytes that the database holds, unchanged, because
 * evidence commits to them. Scans are ordered by `(timestamp, _id)` across ids of every BSON type. A scan is not a
 * transaction: a record that is inserted before its position has passed may or may not be seen. Errors: DATABASE_*.
 */
export interface RecordSource {
  /** Raw BSON of unsealed records (`immutable: false`) in the order `(timestamp, _id)`, at most `limit`. */
  scan(slice: LogSlice, limit: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Raw BSON of the records that are marked as sealed, `immutable: true`, in log time `[fromMs, untilMs)`, in order. */
  scanMarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** The same for records whose `immutable` is false or missing. */
  scanUnmarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Raw BSON of the records whose `immutable` is neither a boolean nor null nor missing, and of those with `immutable: true`
   * whose `timestamp` is no date; in no order, and a record may come twice.
   */
  scanOddMarks(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Raw BSON of the existing records with these position ids, in no order; ids that no query can express are left out. */
  findByIds(ids: readonly string[]): AsyncIterable<Uint8Array>;
  /** False for raw BSON of a record that no update can mark: it is at the size limit, or no query can express its id. */
  isMarkable(document: Uint8Array, snapshotId: string): boolean;
  /** How many records of the window are unsealed now. Rejects with the signal's reason once it is aborted. */
  countUnsealed(window: Window, signal?: AbortSignal): Promise<number>;
  /** Counts the records that sealing leaves out, by kind, each up to MAX_COUNTED_LEFT_OUT. */
  countLeftOut(scope: LeftOutScope): Promise<LeftOutCounts>;
  /**
   * Sets `immutable: true` and `snapshotId` in one update where `immutable` is still false; repeating it changes nothing.
   * `within` is the log time of these records, for logs that are sharded by it; it never decides which record is marked.
   */
  updateLogImmutability(logIds: readonly string[], snapshotId: string, within?: Bounds): Promise<MarkOutcome>;
  /** Writes the audit entry `snapshot.created` once for each asset. */
  recordSnapshotCreated(entry: SnapshotCreated): Promise<void>;
}
