import type { Window } from './window';

/** What to do with a record whose content no longer gives its own hash: seal it and say so, or stop before signing. */
export type OnTamper = 'seal' | 'fail';

/** Input of auditSnapshotWorkflow. `from` and `to` are ISO 8601 instants with an offset, both inclusive. */
export interface AuditSnapshotInput {
  readonly jobId: string;
  readonly from: string;
  readonly to: string;
  readonly onTamper?: OnTamper;
  /** Attempts and time as in the job's policy. Default 3 × 3600 s. */
  readonly maxAttempts?: number;
  readonly timeoutSeconds?: number;
}

/** What one run hands to the next by continue-as-new; the checkpoint itself is read from the database again. */
export interface ContinuedState {
  /** Attempt that is under way, from 1. */
  readonly attempt: number;
  readonly attemptStartedAtMs: number;
}

/** Result of a snapshot; `snapshotAssetId` is `NONE` for a window without records. */
export interface AuditSnapshotResult {
  readonly snapshotAssetId: string;
  readonly recordCount: number;
  readonly snapshotId: string;
  readonly window: Window;
  /** Records sealed although their own hash did not fit, was missing or was ambiguous. */
  readonly findingCount: number;
  /** Sealed records that another snapshot had marked, or that were gone, when they were to be marked. */
  readonly conflictCount: number;
  /** Records of the window that arrived behind the cursor; the next snapshot over the window takes them. */
  readonly lateCount: number;
  /** Hex SHA-256 of manifest.json. */
  readonly manifestSha256: string;
  /** Place of the snapshot in the ledger, from 0. */
  readonly ledgerIndex: number;
}

/** In the order in which a run passes them; it ends in one of the last three. */
export const STAGES = [
  'opening',
  'sealing',
  'manifest',
  'signing',
  'registering',
  'appending',
  'marking',
  'recording',
  'reporting',
  'done',
  'failed',
  'cancelled',
] as const;

export type Stage = (typeof STAGES)[number];

/** Answer of the query `progress`. Counts are records unless named otherwise. */
export interface Progress {
  readonly stage: Stage;
  readonly jobId: string;
  readonly snapshotId: string;
  readonly window: Window;
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Records of the window when it was opened; undefined until then. */
  readonly expected?: number;
  readonly stored: number;
  readonly hashed: number;
  readonly marked: number;
  readonly chunks: number;
  readonly findings: number;
  /** Records that arrived behind the cursor; known when the snapshot is closed. */
  readonly late?: number;
  /** Why the attempt before this one failed. */
  readonly lastFailure?: string;
}
