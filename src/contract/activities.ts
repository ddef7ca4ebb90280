import type { AuditSnapshotResult, OnTamper } from './snapshot';
import type { Window } from './window';

/** A record's position in the order `(timestamp, _id)`. `id` is 24 hex digits, or `bson:<type>:<value>` in hex. */
export interface Position {
  readonly timestamp: string;
  readonly id: string;
}

/**
 * Where the next query starts: after the record `after`, in slices of about `sliceMs` of log time. A long id is not in a
 * cursor, because an id may be as large as a record and a history is not: it is `sha256:` and the hex SHA-256 of the id,
 * and the id itself is that of the last record in the chunk before.
 */
export interface Cursor {
  readonly after: Position | null;
  readonly sliceMs: number;
}

/** Merkle nodes of the records `[begin, end)`: roots of the maximal aligned subtrees, left to right, base64. */
interface RangeNodes {
  readonly begin: number;
  readonly end: number;
  readonly hashes: readonly string[];
}

/** Everything that hashing passes from one chunk to the next: a few hundred bytes. */
export interface HashState {
  readonly range: RangeNodes;
  /** Saved SHA-256 state of the running log-hash digest, base64. */
  readonly digestState: string;
  readonly findingCount: number;
}

/** Where sealing resumes: chunks `[0, nextIndex)` are stored and hashed. */
export interface ResumePoint {
  readonly nextIndex: number;
  readonly cursor: Cursor;
  readonly hash: HashState;
  /** True once the chunk list is fixed: no further chunk is queried. */
  readonly complete: boolean;
}

/** How far marking has come: chunks `[0, chunks)` are marked. */
interface Marks {
  readonly chunks: number;
  readonly records: number;
}

export interface OpenSnapshotInput {
  readonly jobId: string;
  readonly window: Window;
  readonly onTamper: OnTamper;
}

export type OpenedSnapshot =
  | { readonly state: 'closed'; readonly result: AuditSnapshotResult }
  | {
      readonly state: 'open';
      readonly snapshotId: string;
      /** Unsealed records of the window, counted when this run opened it; null when counting takes too long. */
      readonly expected: number | null;
      readonly checkpoint: ResumePoint;
      /** True once signing began: from then on the snapshot can only be finished. */
      readonly signing: boolean;
      readonly marks: Marks;
    };

export interface QueryBatchInput {
  readonly snapshotId: string;
  readonly index: number;
  readonly cursor: Cursor;
}

/** One stored chunk, or null when the window holds no further records. */
export interface QueriedBatch {
  readonly chunk: StoredChunk | null;
  readonly cursor: Cursor;
  readonly exhausted: boolean;
}

export interface StoredChunk {
  readonly index: number;
  readonly key: string;
  readonly versionId: string;
  readonly count: number;
  readonly sizeBytes: number;
  /** Hex SHA-256 of the stored bytes. */
  readonly sha256: string;
}

export interface HashBatchInput {
  readonly snapshotId: string;
  readonly chunk: StoredChunk;
  /** The cursor after this chunk, stored with it so that a later run can resume here. */
  readonly cursor: Cursor;
  readonly hash: HashState;
}

export interface SealedManifest {
  readonly recordCount: number;
  readonly chunkCount: number;
  readonly findingCount: number;
  readonly manifestSha256: string;
}

export interface SnapshotRef {
  readonly snapshotId: string;
}

export interface SignedManifest {
  /** Base64 of the 64-byte Ed25519 signature over the statement about manifest.json. */
  readonly signature: string;
  readonly keyVersion: number;
}

export interface RegisteredAsset {
  readonly snapshotAssetId: string;
}

export interface AppendedLeaf {
  /** Index of the snapshot in the ledger, from 0. */
  readonly ledgerIndex: number;
  /** Size of the ledger in its latest published checkpoint. */
  readonly ledgerSize: number;
}

export interface MarkImmutableInput extends SnapshotRef {
  readonly index: number;
}

export interface MarkedChunk {
  readonly index: number;
  readonly count: number;
  /** Records that are gone or that another snapshot marked: listed as conflicts, never overwritten. */
  readonly conflicts: number;
}

export type JobOutcome =
  | { readonly status: 'succeeded'; readonly result: AuditSnapshotResult }
  | { readonly status: 'failed' | 'cancelled'; readonly code: string; readonly reason: string };

export interface ReportJobInput {
  readonly jobId: string;
  readonly window: Window;
  readonly outcome: JobOutcome;
}

export interface ReleaseWindowResult {
  /** False when signing had begun: the window stays leased until the snapshot is finished. */
  readonly released: boolean;
}

/** The activities of auditSnapshotWorkflow, in the order they run. Each is idempotent and may be repeated at any time. */
export interface SnapshotActivities {
  openSnapshot(input: OpenSnapshotInput): Promise<OpenedSnapshot>;
  queryBatch(input: QueryBatchInput): Promise<QueriedBatch>;
  hashBatch(input: HashBatchInput): Promise<HashState>;
  sealManifest(input: SnapshotRef & { readonly chunkCount: number }): Promise<SealedManifest>;
  signManifest(input: SnapshotRef): Promise<SignedManifest>;
  registerAsset(input: SnapshotRef): Promise<RegisteredAsset>;
  appendToLedger(input: SnapshotRef): Promise<AppendedLeaf>;
  markImmutable(input: MarkImmutableInput): Promise<MarkedChunk>;
  recordSnapshot(input: SnapshotRef): Promise<AuditSnapshotResult>;
  reportJob(input: ReportJobInput): Promise<void>;
  releaseWindow(input: SnapshotRef): Promise<ReleaseWindowResult>;
}
