import type { HashState, Position, StoredChunk } from '../contract/activities';
import type { Manifest } from '../evidence/manifest';
import { readRecord } from '../evidence/recordBytes';
import { positionOfScanned } from '../evidence/recordOrder';
import type { Clock } from '../ports/clock';
import type { ObjectStore } from '../ports/objectStore';
import type { RecordSource } from '../ports/recordSource';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import type { SealedRecordInserter } from '../ports/snapshotRestorer';
import { SnapshotError } from '../errors';
import { listedCursor } from './chunkCursor';
import { hashChunk } from './hashChunk';
import { readStoredChunk } from './storedChunk';

/** Records that are looked up and marked at once. */
const BATCH = 500;
/** Of the cursor after a chunk only the position matters: no further chunk is queried. */
const SLICE_MS = 60_000;

/** What became of the records of a snapshot, as counts. */
export interface RestoredRecords {
  /** Are marked with this snapshot now, or would be. */
  readonly marked: number;
  /** Are in the log and cannot be marked, or are marked with another snapshot. */
  readonly conflicts: number;
  /** Are not in the log. */
  readonly missing: number;
  /** Were not in the log and were inserted. */
  readonly inserted: number;
  /** Are not in the log because it does not keep records that long. */
  readonly removed: number;
}

export const NO_RECORDS: RestoredRecords = { marked: 0, conflicts: 0, missing: 0, inserted: 0, removed: 0 };

export interface ChunkRestoreDeps {
  readonly store: ObjectStore;
  readonly records: RecordSource;
  readonly inserter: SealedRecordInserter;
  readonly clock: Clock;
  readonly settings: { readonly logRetentionMs?: number | undefined };
}

/** The row of a chunk that its object says, after the state `before`. STORAGE_*. */
export async function rebuildChunk(
  { store }: Pick<ChunkRestoreDeps, 'store'>,
  row: SnapshotRow,
  listed: Manifest['chunks'][number],
  before: HashState,
): Promise<{ readonly row: ChunkRow; readonly positions: readonly Position[] }> {
  const { snapshotId } = row;
  const chunk = storedChunkOf(listed);
  const stored = await readStoredChunk(store, chunk.key, row, chunk);
  const positions: Position[] = [];
  const hashed = await hashChunk(row, stored, before, nextTurn, (record) =>
    positions.push(positionOfScanned(record)),
  );
  const { begin, first, last, nodes, findings, lateCount, next } = hashed;
  if (!first || !last)
    throw new SnapshotError('SNAPSHOT_CONFLICT', `chunk without records [key=${chunk.key}]`);
  const checkpoint = {
    nextIndex: chunk.index + 1,
    cursor: listedCursor({ after: last, sliceMs: SLICE_MS }),
    hash: next,
    complete: false,
  };
  const { counts: findingCounts, listed: findingList } = findings;
  const rebuilt = { snapshotId, chunk, begin, first, last, nodes, findingCounts, findings: findingList };
  return { row: { ...rebuilt, lateCount, checkpoint }, positions };
}

/**
 * Marks the records of a chunk that the log has; with `insert`, inserts those that it does not have, marked. Returns the
 * counts, and the ids that are not marked. With `dryRun` nothing is written. DATABASE_*, STORAGE_*.
 */
export async function restoreMarks(
  deps: ChunkRestoreDeps,
  { chunk }: ChunkRow,
  row: SnapshotRow,
  positions: readonly Position[],
  { insert, dryRun }: { readonly insert: boolean; readonly dryRun: boolean },
): Promise<{ readonly records: RestoredRecords; readonly unmarked: readonly string[] }> {
  const { present, missing, removed } = await lookUp(deps, row, positions);
  const conflicts = dryRun ? [] : await mark(deps.records, present, row.snapshotId);
  const wanted = new Set(insert && !dryRun ? missing : []);
  const refused = wanted.size === 0 ? [] : await insertMissing(deps, row, chunk, wanted);
  const absent = wanted.size === 0 ? missing : refused;
  return {
    records: {
      marked: present.length - conflicts.length,
      conflicts: conflicts.length,
      missing: absent.length,
      inserted: wanted.size === 0 ? 0 : missing.length - refused.length,
      removed: removed.length,
    },
    unmarked: [...conflicts, ...absent, ...removed],
  };
}

function storedChunkOf({
  index,
  key,
  versionId,
  bytes,
  sha256,
  count,
}: Manifest['chunks'][number]): StoredChunk {
  return { index, key, versionId, count, sizeBytes: bytes, sha256 };
}

/** Which records the log has, and which it does not have; those older than its retention are not missing. */
async function lookUp(
  { records, clock, settings }: ChunkRestoreDeps,
  { source }: SnapshotRow,
  positions: readonly Position[],
) {
  const found = new Set<string>();
  for (let start = 0; start < positions.length; start += BATCH) {
    const ids = positions.slice(start, start + BATCH).map(({ id }) => id);
    for await (const document of records.findByIds(ids)) found.add(readRecord(document, source.members).id);
  }
  const { logRetentionMs } = settings;
  const keptFromMs = logRetentionMs === undefined ? -Infinity : clock.nowMs() - logRetentionMs;
  const absent = positions.filter(({ id }) => !found.has(id));
  return {
    present: positions.map(({ id }) => id).filter((id) => found.has(id)),
    missing: absent.filter(({ timestamp }) => Date.parse(timestamp) >= keptFromMs).map(({ id }) => id),
    removed: absent.filter(({ timestamp }) => Date.parse(timestamp) < keptFromMs).map(({ id }) => id),
  };
}

async function mark(records: RecordSource, ids: readonly string[], snapshotId: string): Promise<string[]> {
  const conflicts: string[] = [];
  for (let start = 0; start < ids.length; start += BATCH) {
    const outcome = await records.updateLogImmutability(ids.slice(start, start + BATCH), snapshotId);
    conflicts.push(...outcome.conflicts);
  }
  return conflicts;
}

/** Reads the chunk again, because its records were not kept in memory. Returns the ids that cannot be inserted. */
async function insertMissing(
  { store, inserter }: ChunkRestoreDeps,
  row: SnapshotRow,
  chunk: StoredChunk,
  wanted: ReadonlySet<string>,
): Promise<string[]> {
  const refused: string[] = [];
  let batch: Buffer[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) refused.push(...(await inserter.insertSealed(batch, row.snapshotId)));
    batch = [];
  };
  const { records } = await readStoredChunk(store, chunk.key, row, chunk);
  for await (const { position, bytes } of records) {
    if (!wanted.has(position.id)) continue;
    batch.push(Buffer.from(bytes));
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return refused;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
