import { boundsOf, contains, formatInstant, type Bounds } from '../contract/window';
import type { Manifest } from '../evidence/manifest';
import type { DriftRun } from './driftRun';
import type { DriftKind, SealedRecord } from './drift';
import { readLive, type LiveRecord } from './liveRecord';
import { isBeingMarked } from './markingState';
import { readSealedChunk } from './sealedChunk';
import type { Ledger } from './verifyLedger';

const IDS_PER_LOOKUP = 500;
const OBJECT_ID = /^[0-9a-f]{24}$/;
const DAY_MS = 86_400_000;

/** One snapshot under comparison. */
interface Comparison extends DriftRun {
  readonly manifest: Manifest;
  /** Its job may still be marking. */
  readonly isMarking: boolean;
  /** Sealed records that were not met yet: of the chunk under comparison, and a few of earlier ones. */
  readonly expected: Map<string, SealedRecord>;
  /** Records that were looked up by id, and that a later slice will show once more. */
  readonly seenAhead: Set<string>;
  /** Counts of this snapshot alone, for its notes. */
  readonly own: { marking: number; unmarkable: number; removed: number };
}

/** A chunk, and the log time from its first record to the first of the next chunk. */
interface Slice extends Bounds {
  readonly chunk: number;
}

/** Compares the records of one snapshot with the live log, chunk by chunk. */
export async function auditSnapshot(run: DriftRun, manifest: Manifest): Promise<void> {
  const comparison: Comparison = {
    ...run,
    manifest,
    isMarking: await isBeingMarked(run.deps, manifest),
    expected: new Map(),
    seenAhead: new Set(),
    own: { marking: 0, unmarkable: 0, removed: 0 },
  };
  for (const slice of slicesOf(manifest)) {
    run.options.signal?.throwIfAborted();
    await expectChunk(comparison, slice.chunk);
    await meetLive(comparison, slice);
    await lookUpUnmet(comparison, slice);
    run.options.onProgress?.(manifest.snapshotId, run.tally.records, manifest.recordCount);
  }
  for (const sealed of comparison.expected.values()) judgeGone(comparison, sealed);
  addNotes(comparison);
}

/** Together the slices are the window; an empty window is one slice without a chunk. */
function slicesOf({ chunks, window }: Manifest): Slice[] {
  const { fromMs, untilMs: endMs } = boundsOf(window);
  const starts = chunks.slice(1).map(({ first }) => Date.parse(first.timestamp));
  const bounds = [fromMs, ...starts, endMs];
  return bounds.slice(1).map((untilMs, chunk) => ({ fromMs: bounds[chunk]!, untilMs, chunk }));
}

async function expectChunk({ deps, manifest, tally, expected }: Comparison, chunk: number): Promise<void> {
  const stored = manifest.chunks[chunk];
  if (!stored) return;
  const records = await readSealedChunk(deps.store, manifest, chunk);
  if (!records) {
    const { snapshotId } = manifest;
    tally.add({ kind: 'evidence', snapshotId, recordId: '', chunk, index: null, object: stored.key });
    return;
  }
  for (const record of records) expected.set(record.id, record);
  tally.records += records.length;
}

/**
 * Compares the live records of a slice with the sealed ones. The marked ones come first: a record that is being marked at
 * this moment is then met at most once.
 */
async function meetLive(comparison: Comparison, slice: Slice): Promise<void> {
  const { deps, options, manifest, expected } = comparison;
  const { fromMs, untilMs } = slice;
  for (const scan of ['scanMarked', 'scanUnmarked'] as const)
    for await (const document of deps.records[scan](fromMs, untilMs, options.signal)) {
      const live = readLive(document, manifest.source.members);
      const sealed = expected.get(live.id);
      if (sealed) {
        expected.delete(live.id);
        compare(comparison, sealed, live);
      } else if (!comparison.seenAhead.delete(live.id)) judgeUnsealed(comparison, slice, live);
    }
}

function compare(comparison: Comparison, sealed: SealedRecord, live: LiveRecord): void {
  const { deps, tally, manifest, isMarking, own } = comparison;
  if (live.digest !== sealed.digest) addDrift(comparison, 'altered', sealed);
  if (live.mark.immutable === true) {
    if (live.mark.snapshotId !== manifest.snapshotId) addDrift(comparison, 'marked-otherwise', sealed);
  } else if (!deps.records.isMarkable(live.document, manifest.snapshotId)) {
    tally.unmarkable++;
    own.unmarkable++;
  } else if (isMarking) {
    tally.marking++;
    own.marking++;
  } else addDrift(comparison, 'unmarked', sealed);
}

/** Judges a live record of the window that the snapshot does not contain. */
function judgeUnsealed(comparison: Comparison, { chunk }: Slice, live: LiveRecord): void {
  const { options, deps, tally, candidates, manifest } = comparison;
  const { id: recordId, timestamps, mark } = live;
  const { ledger, lateAllowanceMs } = options;
  const { snapshotId, window } = manifest;
  const candidate = { recordId, snapshotId, chunk, timestamps, owner: mark.snapshotId };
  if (mark.immutable === true) {
    // The audit of the snapshot that it names covers it.
    if (mark.snapshotId !== snapshotId && isInWindowOf(ledger, mark.snapshotId, live)) return;
    candidates.add({ ...candidate, kind: 'planted' });
    return;
  }
  const ms = timestamps.find((instant) => contains(window, formatInstant(instant)));
  // Windows may overlap: the first snapshot in the ledger that covers the instant counts the record.
  if (ms === undefined || firstCovering(ledger, ms) !== snapshotId) return;
  if (ms >= deps.clock.nowMs() - lateAllowanceMs) tally.late++;
  else candidates.add({ ...candidate, kind: 'backdated' });
}

function isInWindowOf(ledger: Ledger, owner: string | undefined, { timestamps }: LiveRecord): boolean {
  const index = owner === undefined ? undefined : ledger.indexOf.get(owner);
  if (index === undefined) return false;
  const { window } = ledger.entries[index]!;
  return timestamps.some((ms) => contains(window, formatInstant(ms)));
}

function firstCovering(ledger: Ledger, ms: number): string | undefined {
  const instant = formatInstant(ms);
  return ledger.entries.find(({ window }) => contains(window, instant))?.snapshotId;
}

/** Looks up, by their ids, the sealed records that the slice did not show: they are elsewhere in the log, or gone. */
async function lookUpUnmet(comparison: Comparison, slice: Slice): Promise<void> {
  const { deps, expected, manifest } = comparison;
  const unmet = [...expected.values()];
  for (let start = 0; start < unmet.length; start += IDS_PER_LOOKUP) {
    const batch = new Map(unmet.slice(start, start + IDS_PER_LOOKUP).map((sealed) => [sealed.id, sealed]));
    for await (const document of deps.records.findByIds([...batch.keys()])) {
      const live = readLive(document, manifest.source.members);
      const sealed = batch.get(live.id);
      if (!sealed) continue;
      batch.delete(live.id);
      expected.delete(live.id);
      compare(comparison, sealed, live);
      if (isAhead(live, slice)) comparison.seenAhead.add(live.id);
    }
    for (const sealed of batch.values()) {
      // No query may be able to express its id, and a record of the same millisecond belongs to a later slice.
      if (!OBJECT_ID.test(sealed.id) && isAhead(sealed, slice)) continue;
      expected.delete(sealed.id);
      judgeGone(comparison, sealed);
    }
  }
}

function isAhead({ timestamps }: { readonly timestamps: readonly number[] }, { untilMs }: Slice): boolean {
  return timestamps.some((ms) => ms >= untilMs);
}

/** A sealed record is not in the live log: deleted, unless the log does not keep records that long. */
function judgeGone(comparison: Comparison, sealed: SealedRecord): void {
  const { deps, options, tally, own } = comparison;
  const { logRetentionMs } = options;
  const isOld = (ms: number) => logRetentionMs !== undefined && ms < deps.clock.nowMs() - logRetentionMs;
  if (!sealed.timestamps.every(isOld)) return addDrift(comparison, 'deleted', sealed);
  tally.removed++;
  own.removed++;
}

function addDrift({ tally, manifest }: Comparison, kind: DriftKind, sealed: SealedRecord): void {
  const { id: recordId, chunk, index } = sealed;
  tally.add({ kind, snapshotId: manifest.snapshotId, recordId, chunk, index });
}

function addNotes({ tally, manifest: { snapshotId }, options, own }: Comparison): void {
  const days = Math.round((options.logRetentionMs ?? 0) / DAY_MS);
  if (own.marking > 0)
    tally.note(`${snapshotId} is being marked: ${own.marking} of its records are sealed and not marked yet`);
  if (own.unmarkable > 0)
    tally.note(
      `${snapshotId}: ${own.unmarkable} records are sealed and cannot be marked (size limit of the database, or an id that no query can express)`,
    );
  if (own.removed > 0)
    tally.note(
      `${snapshotId}: ${own.removed} sealed records are older than ${days} days and not in the live log any more: removed by its retention (AUDIT_LOG_RETENTION_DAYS)`,
    );
}
