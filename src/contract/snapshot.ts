import type { Window } from './window';

/** What to do with a record that does not match its own hash: seal it and report a finding, or stop before signing. */
export type OnTamper = 'seal' | 'fail';

/** How long a job may try. An attempt that moves the durable state of its snapshot forward does not use one up. */
export interface TimePolicy {
  /** Attempts without progress until the job fails. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** Time limit of each attempt. Default 3600. */
  readonly timeoutSeconds?: number | undefined;
  /** Time limit of the job, over all attempts and their pauses. Default: none. */
  readonly totalTimeoutSeconds?: number | undefined;
}

/** The policy of a job that names none. */
export const DEFAULT_TIME_POLICY = { maxAttempts: 3, timeoutSeconds: 3600 } as const;

/** Input of auditSnapshotWorkflow. `from` and `to` are ISO 8601 instants with an offset, both inclusive. */
export interface AuditSnapshotInput extends TimePolicy {
  readonly jobId: string;
  readonly from: string;
  readonly to: string;
  readonly onTamper?: OnTamper;
}

/** What one run passes to the next by continue-as-new; the resume point is read from the database again. */
export interface ContinuedState {
  /** The current attempt, from 1. */
  readonly attempt: number;
  readonly attemptStartedAtMs: number;
  /** Attempts without progress so far; a run of an earlier version did not count them. */
  readonly idleAttempts?: number;
  /** The durable state before the current attempt. */
  readonly reachedBefore?: readonly [hashed: number, stage: number, markedChunks: number];
  /** When the first attempt of the job began. */
  readonly jobStartedAtMs?: number;
}

/** Result of a snapshot; `snapshotAssetId` is `NONE` for a window without records. */
export interface AuditSnapshotResult {
  readonly snapshotAssetId: string;
  readonly recordCount: number;
  readonly snapshotId: string;
  readonly window: Window;
  /** Records that were sealed although their own hash is wrong, missing or repeated. */
  readonly findingCount: number;
  /** Sealed records that could not be marked: they were gone, or another snapshot had marked them. */
  readonly conflictCount: number;
  /** Records of the window that arrived after the cursor had passed; the next snapshot over the window seals them. */
  readonly lateCount: number;
  /** Records that were left out, by kind, each up to 10,000; docs/format.md. Undefined where they were not counted. */
  readonly leftOut?: Readonly<Record<string, number>> | undefined;
  /** Hex SHA-256 of manifest.json. */
  readonly manifestSha256: string;
  /** Index of the snapshot in the ledger, from 0. */
  readonly ledgerIndex: number;
}

/** In the order in which a run passes through them; it ends in one of the last three. */
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

/** Answer of the query `progress`. Counts are of records unless named otherwise. */
export interface Progress {
  readonly stage: Stage;
  readonly jobId: string;
  readonly snapshotId: string;
  readonly window: Window;
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Attempts that made no progress; the job fails at `maxAttempts` of them. */
  readonly idleAttempts?: number;
  /** Records of the window when the snapshot was opened; undefined until then. */
  readonly expected?: number;
  readonly stored: number;
  readonly hashed: number;
  readonly marked: number;
  readonly chunks: number;
  readonly findings: number;
  /** Records that arrived after the cursor had passed; known when the snapshot is closed. */
  readonly late?: number;
  /** Why the previous attempt failed. */
  readonly lastFailure?: string;
  /** Why the call that is tried again now failed last, such as a full disk; left out when no call is. The client adds it. */
  readonly retrying?: string;
}
