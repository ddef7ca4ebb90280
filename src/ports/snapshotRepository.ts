import type { ResumePoint, Position, StoredChunk } from '../contract/activities';
import type { AuditSnapshotResult, OnTamper } from '../contract/snapshot';
import type { Window } from '../contract/window';
import type { FindingKind, HashScheme } from '../evidence/recordFinding';

export interface Finding {
  readonly kind: FindingKind;
  /** Place of the record in its snapshot, from 0. */
  readonly index: number;
  readonly id: string;
}

/** A chunk that is stored and hashed, with the checkpoint behind it. */
export interface ChunkRow {
  readonly snapshotId: string;
  readonly chunk: StoredChunk;
  readonly begin: number;
  readonly first: Position;
  readonly last: Position;
  /** Base64 Merkle nodes of the chunk's own range. */
  readonly nodes: readonly string[];
  readonly findingCounts: Readonly<Record<FindingKind, number>>;
  /** The first findings of the chunk, in order, capped. */
  readonly findings: readonly Finding[];
  readonly lateCount: number;
  readonly checkpoint: ResumePoint;
}

export interface ChunkMark {
  readonly index: number;
  readonly count: number;
  readonly conflictCount: number;
}

/** Everything of a snapshot that is decided when it is first opened, so that every attempt makes the same bytes. */
export interface SnapshotSeed {
  readonly snapshotId: string;
  readonly jobId: string;
  readonly origin: string;
  readonly window: Window;
  readonly onTamper: OnTamper;
  readonly openedAt: string;
  readonly retainUntil: string;
  readonly hashScheme: HashScheme;
  readonly keyVersion: number;
  /** Base64 of 32 bytes. */
  readonly publicKey: string;
  readonly software: string;
  readonly chunkLimits: { readonly maxRecords: number; readonly maxBytes: number };
}

export interface ManifestRef {
  readonly versionId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly recordCount: number;
  readonly findingCount: number;
}

export interface SignatureRef {
  readonly signature: string;
  readonly signatureVersionId: string;
  readonly checkpointVersionId: string;
  readonly checkpointBytes: number;
  /** Null where no authority is asked. */
  readonly timestamp: { readonly versionId: string; readonly sizeBytes: number } | null;
}

export interface SnapshotRow extends SnapshotSeed {
  /** Windows sealed before this one was opened that overlap it, by snapshot; decides what counts as late. */
  readonly overlaps: readonly (Window & { readonly snapshotId: string })[];
  /** Order of the latest lease this snapshot was admitted with; null until it first holds one. */
  readonly leaseSequence: number | null;
  /** Set once: the number of chunks the manifest lists. */
  readonly chunkCount: number | null;
  readonly manifest: ManifestRef | null;
  readonly signature: SignatureRef | null;
  readonly snapshotAssetId: string | null;
  readonly ledgerIndex: number | null;
  readonly result: AuditSnapshotResult | null;
}

/** What tells how far a schedule is: which job sealed which window, or is at it. */
export interface SnapshotSummary {
  readonly jobId: string;
  readonly window: Window;
  readonly closed: boolean;
}

/** The durable state of snapshots. Every write is first-wins: repeated with the same value it is a no-op, with another SNAPSHOT_CONFLICT. */
export interface SnapshotRepository {
  /** Creates the row, or returns the one there; SNAPSHOT_CONFLICT when that one has another window or policy. */
  open(seed: SnapshotSeed): Promise<SnapshotRow>;
  find(snapshotId: string): Promise<SnapshotRow | undefined>;
  /** Snapshots with ids in `[fromId, untilId)`, in the order of their ids. */
  listSummaries(fromId: string, untilId: string): Promise<readonly SnapshotSummary[]>;
  /** Notes the lease, never an earlier one over a later one; what overlaps is noted by the first call alone. */
  grant(snapshotId: string, leaseSequence: number, overlaps: SnapshotRow['overlaps']): Promise<SnapshotRow>;
  addChunk(row: ChunkRow): Promise<void>;
  /** Rows `[0, until)` in order; SNAPSHOT_CONFLICT when one is missing. */
  listChunks(snapshotId: string, until: number): Promise<readonly ChunkRow[]>;
  findChunk(snapshotId: string, index: number): Promise<ChunkRow | undefined>;
  /** Notes that the records of a chunk are marked; `conflicts` are the ids that could not be. The first call wins. */
  setMarked(snapshotId: string, index: number, conflicts: readonly string[]): Promise<void>;
  /** What is marked, by chunk, in order; chunks that are not marked yet are left out. */
  listMarks(snapshotId: string): Promise<readonly ChunkMark[]>;
  /** The last of the unbroken run of chunks from 0; undefined when there is none. */
  lastChunk(snapshotId: string): Promise<ChunkRow | undefined>;
  /** Returns the number in force: the first one that was set wins. */
  fixChunkCount(snapshotId: string, chunkCount: number): Promise<number>;
  setManifest(snapshotId: string, manifest: ManifestRef): Promise<void>;
  setSignature(snapshotId: string, signature: SignatureRef): Promise<void>;
  setAsset(snapshotId: string, snapshotAssetId: string): Promise<void>;
  setLedgerIndex(snapshotId: string, ledgerIndex: number): Promise<void>;
  /** Returns the result in force: the first one that was set wins. */
  close(snapshotId: string, result: AuditSnapshotResult): Promise<AuditSnapshotResult>;
  /** Other snapshots of the origin whose signing began and whose window overlaps. */
  listSignedOverlaps(origin: string, window: Window, except: string): Promise<readonly SnapshotRow[]>;
}
