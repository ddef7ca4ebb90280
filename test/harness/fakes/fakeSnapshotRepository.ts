import { BSON } from 'bson';
import type { AuditSnapshotResult } from '../../../src/contract/snapshot';
import type { Window } from '../../../src/contract/window';
import { SnapshotError } from '../../../src/errors';
import type { LeftOutCounts } from '../../../src/evidence/leftOut';
import type {
  ChunkMark,
  ChunkRow,
  ManifestRef,
  SignatureRef,
  SnapshotRepository,
  SnapshotRow,
  SnapshotSeed,
  SnapshotSummary,
} from '../../../src/ports/snapshotRepository';
import type { SnapshotRestorer } from '../../../src/ports/snapshotRestorer';
import { deepEqualJson } from '../../../src/sealing/deepEqualJson';
import { refuseOtherPlan, sameChunk } from '../../../src/sealing/snapshotRules';
import { FaultPlan } from './faults';

const MAX_ROW_BYTES = 8 * 1024 * 1024;

type Member =
  'chunkCount' | 'leftOut' | 'manifest' | 'signature' | 'snapshotAssetId' | 'ledgerIndex' | 'result';

/** Rows of snapshots and chunks in memory; they are copied and frozen, so that no caller can change them. */
export class FakeSnapshotRepository implements SnapshotRepository, SnapshotRestorer {
  readonly faults = new FaultPlan<keyof SnapshotRepository | keyof SnapshotRestorer>('DATABASE_UNREACHABLE');
  readonly snapshots = new Map<string, SnapshotRow>();
  readonly #chunks = new Map<string, ChunkRow[]>();
  readonly #marks = new Map<string, ChunkMark[]>();

  open(seed: SnapshotSeed): Promise<SnapshotRow> {
    return this.#run('open', () => {
      const known = this.snapshots.get(seed.snapshotId);
      if (known) return refuseOtherPlan(known, seed);
      const nothing = {
        chunkCount: null,
        leftOut: null,
        manifest: null,
        signature: null,
        snapshotAssetId: null,
        ledgerIndex: null,
        result: null,
      };
      return this.#put({ ...seed, ...nothing, overlaps: [], leaseSequence: null });
    });
  }

  find(snapshotId: string): Promise<SnapshotRow | undefined> {
    return this.#run('find', () => this.snapshots.get(snapshotId));
  }

  listSummaries(fromId: string, untilId: string): Promise<readonly SnapshotSummary[]> {
    return this.#run('listSummaries', () =>
      [...this.snapshots.values()]
        .filter(({ snapshotId }) => fromId <= snapshotId && snapshotId < untilId)
        .toSorted((left, right) => (left.snapshotId < right.snapshotId ? -1 : 1))
        .map(({ snapshotId, jobId, origin, window, result }) => ({
          snapshotId,
          jobId,
          origin,
          window,
          closed: result !== null,
        })),
    );
  }

  listClosed(origin: string): Promise<readonly string[]> {
    return this.#run('listClosed', () =>
      [...this.snapshots.values()]
        .filter((row) => row.origin === origin && row.result !== null)
        .map(({ snapshotId }) => snapshotId)
        .toSorted(),
    );
  }

  grant(snapshotId: string, leaseSequence: number, overlaps: SnapshotRow['overlaps']): Promise<SnapshotRow> {
    return this.#run('grant', () => {
      const row = this.#get(snapshotId);
      if (row.leaseSequence === null) return this.#put({ ...row, leaseSequence, overlaps });
      return this.#put({ ...row, leaseSequence: Math.max(row.leaseSequence, leaseSequence) });
    });
  }

  addChunk(row: ChunkRow): Promise<void> {
    return this.#run('addChunk', () => {
      requireDocumentSize(row);
      const rows = this.#chunks.get(row.snapshotId) ?? [];
      const known = rows[row.chunk.index];
      if (known && !sameChunk(known, row)) throw conflict(`chunk ${row.chunk.index} of ${row.snapshotId}`);
      rows[row.chunk.index] ??= frozenCopy(row);
      this.#chunks.set(row.snapshotId, rows);
    });
  }

  listChunks(snapshotId: string, until: number): Promise<readonly ChunkRow[]> {
    return this.#run('listChunks', () => {
      const rows = this.#unbroken(snapshotId).slice(0, until);
      if (rows.length !== until) throw conflict(`chunks of ${snapshotId}`);
      return rows;
    });
  }

  findChunk(snapshotId: string, index: number): Promise<ChunkRow | undefined> {
    return this.#run('findChunk', () => this.#chunks.get(snapshotId)?.[index]);
  }

  setMarked(snapshotId: string, index: number, conflicts: readonly string[]): Promise<void> {
    return this.#run('setMarked', () => {
      requireDocumentSize({ conflicts });
      const marks = this.#marks.get(snapshotId) ?? [];
      const count = this.#chunks.get(snapshotId)?.[index]?.chunk.count;
      if (count === undefined) return;
      marks[index] ??= frozenCopy({ index, count, conflictCount: conflicts.length });
      this.#marks.set(snapshotId, marks);
    });
  }

  listMarks(snapshotId: string): Promise<readonly ChunkMark[]> {
    return this.#run('listMarks', () => (this.#marks.get(snapshotId) ?? []).filter(() => true));
  }

  lastChunk(snapshotId: string): Promise<ChunkRow | undefined> {
    return this.#run('lastChunk', () => this.#unbroken(snapshotId).at(-1));
  }

  fixChunkCount(snapshotId: string, chunkCount: number): Promise<number> {
    return this.#run('fixChunkCount', () => this.#setOnce(snapshotId, 'chunkCount', chunkCount));
  }

  fixLeftOut(snapshotId: string, leftOut: LeftOutCounts): Promise<LeftOutCounts> {
    return this.#run('fixLeftOut', () => this.#setOnce(snapshotId, 'leftOut', leftOut));
  }

  setManifest(snapshotId: string, manifest: ManifestRef): Promise<void> {
    return this.#run('setManifest', () => this.#setSame(snapshotId, 'manifest', manifest));
  }

  setSignature(snapshotId: string, signature: SignatureRef): Promise<void> {
    return this.#run('setSignature', () => this.#setSame(snapshotId, 'signature', signature));
  }

  setAsset(snapshotId: string, snapshotAssetId: string): Promise<void> {
    return this.#run('setAsset', () => this.#setSame(snapshotId, 'snapshotAssetId', snapshotAssetId));
  }

  setLedgerIndex(snapshotId: string, ledgerIndex: number): Promise<void> {
    return this.#run('setLedgerIndex', () => this.#setSame(snapshotId, 'ledgerIndex', ledgerIndex));
  }

  close(snapshotId: string, result: AuditSnapshotResult): Promise<AuditSnapshotResult> {
    return this.#run('close', () => this.#setOnce(snapshotId, 'result', result));
  }

  listSignedOverlaps(origin: string, { from, to }: Window, except: string): Promise<readonly SnapshotRow[]> {
    return this.#run('listSignedOverlaps', () =>
      [...this.snapshots.values()].filter(
        ({ snapshotId, origin: other, window, signature }) =>
          other === origin &&
          snapshotId !== except &&
          signature !== null &&
          window.from <= to &&
          from <= window.to,
      ),
    );
  }

  putChunk(row: ChunkRow, conflicts: readonly string[] | null): Promise<void> {
    return this.#run('putChunk', () => {
      const { snapshotId, chunk } = row;
      const rows = this.#chunks.get(snapshotId) ?? [];
      const marks = this.#marks.get(snapshotId) ?? [];
      rows[chunk.index] = frozenCopy(row);
      const { index, count } = chunk;
      const others = marks.filter((mark) => mark.index !== index);
      const own = conflicts ? [{ index, count, conflictCount: conflicts.length }] : [];
      const held: ChunkMark[] = [];
      for (const mark of [...others, ...own]) held[mark.index] = mark;
      this.#chunks.set(snapshotId, rows);
      this.#marks.set(snapshotId, held);
    });
  }

  putSnapshot(row: SnapshotRow): Promise<void> {
    return this.#run('putSnapshot', () => {
      this.#put(row);
      for (const held of [this.#chunks, this.#marks])
        held.set(row.snapshotId, (held.get(row.snapshotId) ?? []).slice(0, row.chunkCount ?? 0) as never);
    });
  }

  #run<T>(method: keyof SnapshotRepository | keyof SnapshotRestorer, action: () => T): Promise<T> {
    return this.faults.run(method, action);
  }

  #get(snapshotId: string): SnapshotRow {
    const row = this.snapshots.get(snapshotId);
    if (!row) throw new SnapshotError('SNAPSHOT_NOT_FOUND', `snapshot ${snapshotId} has no row`);
    return row;
  }

  #put(row: SnapshotRow): SnapshotRow {
    const own = frozenCopy(row);
    this.snapshots.set(row.snapshotId, own);
    return own;
  }

  #setOnce<M extends Member>(
    snapshotId: string,
    member: M,
    value: NonNullable<SnapshotRow[M]>,
  ): NonNullable<SnapshotRow[M]> {
    const row = this.#get(snapshotId);
    const now = row[member] === null ? this.#put({ ...row, [member]: value }) : row;
    return now[member] ?? value;
  }

  #setSame<M extends Member>(snapshotId: string, member: M, value: NonNullable<SnapshotRow[M]>): void {
    if (deepEqualJson(this.#setOnce(snapshotId, member, value), value)) return;
    throw conflict(`${member} of snapshot ${snapshotId}`);
  }

  /** Chunks from 0 up to the first that is missing. */
  #unbroken(snapshotId: string): ChunkRow[] {
    const rows = this.#chunks.get(snapshotId) ?? [];
    const broken = rows.findIndex((row) => row === undefined);
    return rows.slice(0, broken < 0 ? rows.length : broken);
  }
}

/** A deep copy of plain members that cannot be changed. */
function frozenCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const copy = Array.isArray(value)
    ? value.map(frozenCopy)
    : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozenCopy(member)]));
  return Object.freeze(copy) as T;
}

/** As a server does; half of it, because the marks of a chunk are in its row. */
function requireDocumentSize(row: object): void {
  const sizeBytes = BSON.calculateObjectSize(row);
  if (sizeBytes > MAX_ROW_BYTES) throw new SnapshotError('DATABASE_FAILED', `a row of ${sizeBytes} bytes`);
}

function conflict(what: string): SnapshotError {
  return new SnapshotError('SNAPSHOT_CONFLICT', `${what}: there already, with other values`);
}
