import type { Position } from '../contract/activities';
import type { Window } from '../contract/window';

/** Log time `[fromMs, untilMs)`, and within it only what lies behind `after`. */
export interface LogSlice {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly after: Position | null;
}

export interface MarkOutcome {
  /** Ids of the asked-for records that are gone or belong to another snapshot, as position ids. */
  readonly conflicts: readonly string[];
}

/** The audit log as the sealing reads it. Errors: DATABASE_*. */
export interface RecordSource {
  /** Raw BSON of unsealed records (`immutable: false`) in the order `(timestamp, _id)`, at most `limit`. */
  scan(slice: LogSlice, limit: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Raw BSON of the records that are marked as sealed, `immutable: true`, in log time `[fromMs, untilMs)`, in order. */
  scanMarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** The same of those whose `immutable` is false or not there. */
  scanUnmarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Raw BSON of those records, by position id, that are there; ids that cannot be asked for are left out. */
  findByIds(ids: readonly string[]): Promise<readonly Uint8Array[]>;
  /** How many records of the window are unsealed now. Rejects with the signal's reason once it is aborted. */
  countUnsealed(window: Window, signal?: AbortSignal): Promise<number>;
  /** Sets `immutable: true` and `snapshotId` in one update where `immutable` is still false; repeating it changes nothing. */
  updateLogImmutability(logIds: readonly string[], snapshotId: string): Promise<MarkOutcome>;
  /** Writes the audit entry `snapshot.created` once for its asset. */
  recordSnapshotCreated(entry: SnapshotCreated): Promise<void>;
}

export interface SnapshotCreated {
  readonly snapshotAssetId: string;
  readonly recordCount: number;
  /** Base64 signature of the manifest. */
  readonly signedHash: string;
}
