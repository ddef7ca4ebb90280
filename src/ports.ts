import type { Checkpoint, JobOutcome, Position, StoredChunk } from './contract/activities';
import type { AuditSnapshotInput, AuditSnapshotResult, OnTamper } from './contract/snapshot';
import type { Window } from './contract/window';
import type { FindingKind, HashScheme } from './evidence/recordFinding';

interface StoredRef {
  readonly versionId: string;
}

/** What storage says of one stored version. */
export interface StoredVersion extends StoredRef {
  /** Names these bytes under this key, for {@link ObjectStore.replace}; as the server spells it. */
  readonly etag: string;
  readonly body: Buffer;
}

export interface ObjectLock {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly until: Date;
}

/** Write-once storage. Errors: STORAGE_* and LOCK_REFUSED; no method retries. */
export interface ObjectStore {
  /** Fails unless the bucket exists with Object Lock: BUCKET_MISSING, BUCKET_WITHOUT_LOCK, STORAGE_UNAUTHORIZED. */
  checkBucket(): Promise<void>;
  /** One PUT under `If-None-Match: *`, locked in COMPLIANCE mode until `holdUntil`; undefined when the key is taken. */
  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<StoredRef | undefined>;
  /** One PUT under `If-Match`: a new version on top of the one that has `etag`; undefined when that is no longer the newest. */
  replace(key: string, body: Buffer, holdUntil: Date, etag: string): Promise<StoredRef | undefined>;
  /** The named version, or the newest; undefined when absent. Larger than `maxBytes`: STORAGE_FAILED before it is read. */
  get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined>;
  /** The lock of one version; undefined when it has none. */
  readLock(key: string, versionId: string): Promise<ObjectLock | undefined>;
  /** Extends a COMPLIANCE lock to at least `until`; one that is longer already stays. */
  extendLock(key: string, versionId: string, until: Date): Promise<void>;
  /** Legal hold: while it stands, the version cannot be deleted, whatever its retention. */
  setLegalHold(key: string, versionId: string, held: boolean): Promise<void>;
  readLegalHold(key: string, versionId: string): Promise<boolean>;
}

export interface SigningKey {
  readonly version: number;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer;
  readonly createdAt: Date;
}

/** One Ed25519 key that never leaves its server. Errors: SIGNER_*, KEY_*. */
export interface Signer {
  /** Every version still served, oldest first; KEY_MISSING, KEY_INVALID (not Ed25519, or exportable). */
  listKeys(): Promise<readonly SigningKey[]>;
  /** The 64-byte signature by exactly that version; KEY_VERSION_UNAVAILABLE when it may no longer sign. */
  sign(message: Buffer, version: number): Promise<Buffer>;
}

/** A timestamp authority. Errors: TIMESTAMP_FAILED. */
export interface Timestamper {
  /** The RFC 3161 response over a SHA-256 digest of 32 bytes, granted and for that digest. */
  timestamp(digest: Buffer): Promise<Buffer>;
}

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
  readonly checkpoint: Checkpoint;
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

export interface LeaseRequest {
  readonly snapshotId: string;
  readonly window: Window;
  readonly workflowId: string;
  /** The sequence of the origin before the snapshot was found to be open. */
  readonly asOf: number;
}

export interface Lease extends Omit<LeaseRequest, 'asOf'> {
  /** That of the origin when it was granted, so a later lease has a higher one. */
  readonly sequence: number;
  /** True once signing began: the lease then ends only with the snapshot. */
  readonly signing: boolean;
}

/** Without blockers windows changed hands since `asOf`: whoever asks looks first whether its snapshot has ended. */
export type LeaseOutcome =
  | { readonly granted: true; readonly lease: Lease }
  | { readonly granted: false; readonly blockers: readonly Lease[] };

/** At most one holder for any instant of the log. Each method is one atomic change. */
export interface WindowLeases {
  /** Grows whenever a window is granted or given back. */
  sequence(): Promise<number>;
  /** Grants unless another snapshot's window overlaps or windows changed hands since; a holder gets its lease again. */
  acquire(request: LeaseRequest): Promise<LeaseOutcome>;
  /** The point of no return: marks the lease as signing; LEASE_LOST when it is no longer held. */
  beginSigning(snapshotId: string): Promise<void>;
  /** Gives the window up unless signing began; `sequence` guards against releasing a later lease. True when it is free. */
  release(snapshotId: string, sequence: number): Promise<boolean>;
  /** `release` of whatever lease the snapshot has; what was asked for it before is not granted any more. */
  withdraw(snapshotId: string): Promise<boolean>;
  /** Ends the lease of a finished snapshot. */
  finish(snapshotId: string): Promise<void>;
  find(snapshotId: string): Promise<Lease | undefined>;
}

/** How far the ledger of one origin is committed; every entry below `size` is fixed for ever. */
export interface LedgerHead {
  readonly size: number;
  /** RFC 6962 root of the committed entries. */
  readonly root: Buffer;
}

/** The committed entries of the ledger, in order. What is published follows it, never the other way. */
export interface LedgerBook {
  /** Commits the entry of a snapshot once and returns its index; SNAPSHOT_CONFLICT when it has another entry already. */
  append(snapshotId: string, entry: Buffer): Promise<number>;
  head(): Promise<LedgerHead>;
  /** Entries `[from, until)`, all of them committed. */
  list(from: number, until: number): Promise<readonly Buffer[]>;
}

export interface AssetObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
}

export interface AssetRegistration {
  readonly snapshotId: string;
  readonly objects: readonly AssetObject[];
  readonly signedHash: string;
  readonly retainUntil: string;
}

/** Registers stored objects as one asset; the same snapshot always gets the same asset id. */
export interface AssetRegistry {
  registerAsset(registration: AssetRegistration): Promise<{ snapshotAssetId: string }>;
}

/** Where jobs are kept and answered. */
export interface JobDesk {
  /** Says that a job runs, and makes the row of one started directly. One that ended since `asOfMs` stays as it is. */
  ensure(input: Pick<AuditSnapshotInput, 'jobId' | 'from' | 'to'>, asOfMs: number): Promise<void>;
  /** Idempotent for the same outcome; JOB_CONFLICT for another one. */
  report(jobId: string, outcome: JobOutcome): Promise<void>;
}

/** Knows whether a workflow is still open, so that the lease of a dead one can be taken over. */
export interface WorkflowDirectory {
  isOpen(workflowId: string): Promise<boolean>;
}

export interface Clock {
  nowMs(): number;
}
