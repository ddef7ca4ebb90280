import type { Position, ResumePoint, StoredChunk } from '../contract/activities';
import type { AuditSnapshotResult, OnTamper } from '../contract/snapshot';
import type { Window } from '../contract/window';
import type { TimestampKind } from '../evidence/manifest';
import type { LeftOutCounts } from '../evidence/leftOut';
import type { FindingKind, HashScheme } from '../evidence/recordFinding';
import type { RecordSourceNames } from '../evidence/recordMembers';

export interface Finding {
  readonly kind: FindingKind;
  /** Index of the record in its snapshot, from 0. */
  readonly index: number;
  readonly id: string;
}

/** A chunk that is stored and hashed, with the point at which sealing resumes after it. */
export interface ChunkRow {
  readonly snapshotId: string;
  readonly chunk: StoredChunk;
  /** Index of the chunk's first record in the snapshot. */
  readonly begin: number;
  readonly first: Position;
  readonly last: Position;
  /** Base64 Merkle nodes of the chunk's own range. */
  readonly nodes: readonly string[];
  readonly findingCounts: Readonly<Record<FindingKind, number>>;
  /** The findings of the chunk that the manifest lists, in order. */
  readonly findings: readonly Finding[];
  readonly lateCount: number;
  readonly checkpoint: ResumePoint;
}

export interface ChunkMark {
  readonly index: number;
  readonly count: number;
  readonly conflictCount: number;
}

/** Everything that is decided when a snapshot is first opened, so that every attempt produces the same bytes. */
export interface SnapshotSeed {
  readonly snapshotId: string;
  readonly jobId: string;
  readonly origin: string;
  /** The collection that is sealed, and the names of its members. */
  readonly source: RecordSourceNames;
  readonly window: Window;
  readonly onTamper: OnTamper;
  readonly openedAt: string;
  readonly retainUntil: string;
  readonly hashScheme: HashScheme;
  /** Whether the manifest gets a timestamp of an authority. */
  readonly timestamp: TimestampKind;
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
  /** Null where no timestamp authority is configured. */
  readonly timestamp: { readonly versionId: string; readonly sizeBytes: number } | null;
}

export interface SnapshotRow extends SnapshotSeed {
  /** Overlapping windows that were sealed before this snapshot first held its own; they decide which records are late. */
  readonly overlaps: readonly (Window & { readonly snapshotId: string })[];
  /** Sequence of the latest lease this snapshot was granted; null until it first holds one. */
  readonly leaseSequence: number | null;
  /** Set once: the number of chunks the manifest lists. */
  readonly chunkCount: number | null;
  /** Set once: the records that the snapshot left out. */
  readonly leftOut: LeftOutCounts | null;
  readonly manifest: ManifestRef | null;
  readonly signature: SignatureRef | null;
  readonly snapshotAssetId: string | null;
  readonly ledgerIndex: number | null;
  readonly result: AuditSnapshotResult | null;
}

/** What a schedule plans by: which job has which window, and whether its snapshot is closed. */
export interface SnapshotSummary {
  readonly snapshotId: string;
  readonly jobId: string;
  readonly origin: string;
  readonly window: Window;
  readonly closed: boolean;
}

/**
 * The durable state of snapshots. Every write is first-wins and atomic: repeated with the same value it changes nothing,
 * with another value it fails with SNAPSHOT_CONFLICT. A write that was acknowledged survives a crash and is visible to the
 * next read of any process, because a run resumes from these rows alone. Errors: SNAPSHOT_CONFLICT, DATABASE_*.
 */
export interface SnapshotRepository {
  /** Creates the row, or returns the existing one; SNAPSHOT_CONFLICT when that has another window, policy or origin, SOURCE_MISMATCH. */
  open(seed: SnapshotSeed): Promise<SnapshotRow>;
  find(snapshotId: string): Promise<SnapshotRow | undefined>;
  /** Snapshots with ids in `[fromId, untilId)`, ordered by id. */
  listSummaries(fromId: string, untilId: string): Promise<readonly SnapshotSummary[]>;
  /** Ids of the closed snapshots of an origin, in ascending order. */
  listClosed(origin: string): Promise<readonly string[]>;
  /** Stores the lease, never an earlier one over a later one; only the first call stores `overlaps`. */
  grant(snapshotId: string, leaseSequence: number, overlaps: SnapshotRow['overlaps']): Promise<SnapshotRow>;
  addChunk(row: ChunkRow): Promise<void>;
  /** Chunks `[0, until)` in order; SNAPSHOT_CONFLICT when one is missing. */
  listChunks(snapshotId: string, until: number): Promise<readonly ChunkRow[]>;
  findChunk(snapshotId: string, index: number): Promise<ChunkRow | undefined>;
  /** Stores that the records of a chunk are marked; `conflicts` are the ids that could not be. The first call wins. */
  setMarked(snapshotId: string, index: number, conflicts: readonly string[]): Promise<void>;
  /** The marked chunks, in order; chunks that are not marked yet are left out. */
  listMarks(snapshotId: string): Promise<readonly ChunkMark[]>;
  /** The last chunk before the first missing one; undefined when chunk 0 is missing. */
  lastChunk(snapshotId: string): Promise<ChunkRow | undefined>;
  /** Returns the stored number: the first one wins. */
  fixChunkCount(snapshotId: string, chunkCount: number): Promise<number>;
  /** Returns the stored counts: the first ones win. */
  fixLeftOut(snapshotId: string, leftOut: LeftOutCounts): Promise<LeftOutCounts>;
  setManifest(snapshotId: string, manifest: ManifestRef): Promise<void>;
  setSignature(snapshotId: string, signature: SignatureRef): Promise<void>;
  setAsset(snapshotId: string, snapshotAssetId: string): Promise<void>;
  setLedgerIndex(snapshotId: string, ledgerIndex: number): Promise<void>;
  /** Returns the stored result: the first one wins. */
  close(snapshotId: string, result: AuditSnapshotResult): Promise<AuditSnapshotResult>;
  /** Other signed snapshots of the origin whose window overlaps. */
  listSignedOverlaps(origin: string, window: Window, except: string): Promise<readonly SnapshotRow[]>;
}
