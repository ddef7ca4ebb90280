import { boundsOf, contains, formatInstant, overlaps, type Bounds, type Window } from '../contract/window';
import { splitRecords } from '../evidence/bsonStream';
import { unpackChunk } from '../evidence/chunk';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import { readRecord } from '../evidence/recordBytes';
import type { Clock } from '../ports/clock';
import type { ObjectStore } from '../ports/objectStore';
import type { RecordSource } from '../ports/recordSource';
import { sha256Hex } from '../tlog/sha256';
import { DRIFT_KINDS, compareRecord, readMark, type Drift, type DriftKind } from './drift';
import { DriftMatcher } from './driftMatcher';
import type { Ledger } from './verifyLedger';

/** Drifts that are listed; all are counted. */
const MAX_LISTED_DRIFTS = 1_000;
const IDS_PER_LOOKUP = 500;

export interface DriftAuditDeps {
  readonly records: RecordSource;
  readonly store: ObjectStore;
  readonly clock: Clock;
}

export interface DriftAuditOptions {
  /** Verified with pinned keys: what its entries lead to counts as sealed. */
  readonly ledger: Ledger;
  /** Only snapshots whose window overlaps this log time. */
  readonly within?: Window;
  /** Index of the ledger entry to begin with. */
  readonly fromIndex: number;
  /** A record may arrive this much later than its own timestamp; after that it is backdated. */
  readonly lateAllowanceMs: number;
  /** After this time on the clock no further snapshot is begun. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (snapshotId: string, records: number, total: number) => void;
}

export interface DriftAudit {
  readonly snapshots: number;
  readonly records: number;
  /** Unsealed records in sealed windows that arrived within the allowance: the next snapshot takes them. */
  readonly late: number;
  readonly counts: Readonly<Record<DriftKind, number>>;
  readonly drifts: readonly Drift[];
  /** Index of the ledger entry to continue with; null at the end of the ledger. A persisted name. */
  readonly nextPlace: number | null;
}

/**
 * Compares the live log with what was sealed, snapshot by snapshot: every sealed record is there, byte for byte, and
 * marked; nothing else is marked; no unsealed record in a sealed window is older than the allowance. DATABASE_*, STORAGE_*.
 */
export async function auditDrift(deps: DriftAuditDeps, options: DriftAuditOptions): Promise<DriftAudit> {
  const { ledger, within, untilMs, fromIndex } = options;
  const tally = new DriftTally();
  let index = fromIndex;
  for (; index < ledger.size; index++) {
    if (tally.snapshots > 0 && untilMs !== undefined && deps.clock.nowMs() >= untilMs) break;
    const entry = ledger.entries[index]!;
    if (within && !overlaps(entry.window, within)) continue;
    await auditSnapshot(deps, options, entry, tally);
    tally.snapshots++;
  }
  return tally.result(index < ledger.size ? index : null);
}

class DriftTally {
  snapshots = 0;
  records = 0;
  late = 0;
  readonly #counts = Object.fromEntries(DRIFT_KINDS.map((kind) => [kind, 0])) as Record<DriftKind, number>;
  readonly #drifts: Drift[] = [];
  readonly #unmarked = new Set<string>();

  add(...drifts: readonly Drift[]): void {
    for (const drift of drifts) {
      if (drift.kind === 'unmarked') this.#unmarked.add(drift.recordId);
      this.#counts[drift.kind]++;
      if (this.#drifts.length < MAX_LISTED_DRIFTS) this.#drifts.push(drift);
    }
  }

  isUnmarked(recordId: string): boolean {
    return this.#unmarked.has(recordId);
  }

  result(nextPlace: number | null): DriftAudit {
    const { snapshots, records, late } = this;
    return { snapshots, records, late, counts: this.#counts, drifts: this.#drifts, nextPlace };
  }
}

async function auditSnapshot(
  deps: DriftAuditDeps,
  options: DriftAuditOptions,
  entry: LedgerEntry,
  tally: DriftTally,
): Promise<void> {
  const manifest = await readSealedManifest(deps, entry);
  if (!manifest) return tally.add(evidenceDrift(entry.snapshotId, null, manifestKey(entry.snapshotId)));

  const matcher = new DriftMatcher(entry.snapshotId);
  for (const [chunk, slice] of slicesOf(manifest).entries()) {
    options.signal?.throwIfAborted();
    await addSealed(deps, manifest, chunk, matcher, tally);
    await addMarked(deps, options, { snapshotId: entry.snapshotId, chunk, slice }, matcher, tally);
    options.onProgress?.(entry.snapshotId, tally.records, manifest.recordCount);
  }
  tally.add(...(await lookUpUnmatched(deps, entry.snapshotId, matcher)));
  tally.add(...matcher.planted());
  await auditUnsealed(deps, options, manifest, tally);
}

/** The manifest that the ledger names; undefined when it is missing or has other bytes. */
async function readSealedManifest(
  { store }: DriftAuditDeps,
  { snapshotId, manifestSha256 }: LedgerEntry,
): Promise<Manifest | undefined> {
  const stored = await store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES);
  return stored && sha256Hex(stored.body) === manifestSha256 ? parseManifest(stored.body) : undefined;
}

/** The log time of each chunk, from its first record to the first of the next chunk; together they are the window. */
function slicesOf({ chunks, window }: Manifest): Bounds[] {
  const { fromMs, untilMs: endMs } = boundsOf(window);
  const starts = chunks.slice(1).map(({ first }) => Date.parse(first.timestamp));
  const bounds = [fromMs, ...starts, endMs];
  return bounds.slice(1).map((untilMs, index) => ({ fromMs: bounds[index]!, untilMs }));
}

/** Gives the matcher the records of a chunk; an empty window has a slice, but no chunk. */
async function addSealed(
  { store }: DriftAuditDeps,
  { snapshotId, chunks }: Manifest,
  chunkIndex: number,
  matcher: DriftMatcher,
  tally: DriftTally,
): Promise<void> {
  const chunk = chunks[chunkIndex];
  if (!chunk) return;
  const stored = await store.get(chunk.key, MAX_CHUNK_BYTES, chunk.versionId);
  if (!stored || sha256Hex(stored.body) !== chunk.sha256)
    return tally.add(evidenceDrift(snapshotId, chunkIndex, chunk.key));

  let index = chunk.begin;
  for (const bytes of splitRecords(await unpackChunk(stored.body))) {
    const { id } = readRecord(bytes);
    tally.add(...matcher.addSealed({ id, bytes, chunk: chunkIndex, index }));
    tally.records++;
    index++;
  }
}

/** Gives the matcher the live records of a slice that are marked as this snapshot's own. */
async function addMarked(
  { records }: DriftAuditDeps,
  { ledger, signal }: DriftAuditOptions,
  {
    snapshotId,
    chunk,
    slice,
  }: { readonly snapshotId: string; readonly chunk: number; readonly slice: Bounds },
  matcher: DriftMatcher,
  tally: DriftTally,
): Promise<void> {
  for await (const document of records.scanMarked(slice.fromMs, slice.untilMs, signal)) {
    const live = Buffer.from(document);
    const owner = readMark(live).snapshotId;
    if (owner === snapshotId) tally.add(...matcher.addLive(live, chunk));
    else if (!isSealedBy(ledger, owner, live)) {
      const { id: recordId } = readRecord(live);
      tally.add({ kind: 'planted', snapshotId, recordId, chunk, index: null });
    }
  }
}

/** True when the window of the marking snapshot holds the time of the record: then the audit of that snapshot covers it. */
function isSealedBy(ledger: Ledger, owner: string | undefined, live: Buffer): boolean {
  const index = owner === undefined ? undefined : ledger.indexOf.get(owner);
  if (index === undefined) return false;
  const { window } = ledger.entries[index]!;
  return readRecord(live).timestamps.some((ms) => contains(window, formatInstant(ms)));
}

/** Looks up, by their ids, sealed records that were not among the marked ones of the window. */
async function lookUpUnmatched(
  { records }: DriftAuditDeps,
  snapshotId: string,
  matcher: DriftMatcher,
): Promise<Drift[]> {
  const unmatched = matcher.takeUnmatched();
  const drifts: Drift[] = [];
  for (let start = 0; start < unmatched.length; start += IDS_PER_LOOKUP) {
    const batch = unmatched.slice(start, start + IDS_PER_LOOKUP);
    const live = new Map<string, Buffer>();
    for (const document of await records.findByIds(batch.map(({ id }) => id))) {
      const bytes = Buffer.from(document);
      live.set(readRecord(bytes).id, bytes);
    }
    drifts.push(...batch.flatMap((sealed) => compareRecord(sealed, snapshotId, live.get(sealed.id))));
  }
  return drifts;
}

/** Judges the unsealed records of the window: late within the allowance, backdated after it. */
async function auditUnsealed(
  { records, clock }: DriftAuditDeps,
  { ledger, lateAllowanceMs, signal }: DriftAuditOptions,
  { snapshotId, window, chunks }: Manifest,
  tally: DriftTally,
): Promise<void> {
  const oldestMs = clock.nowMs() - lateAllowanceMs;
  const slice = boundsOf(window);
  for await (const document of records.scanUnmarked(slice.fromMs, slice.untilMs, signal)) {
    const { id: recordId, timestamps } = readRecord(document);
    const ms = timestamps.find((candidate) => candidate >= slice.fromMs && candidate < slice.untilMs);
    // Windows may overlap: the first snapshot in the ledger that covers the instant counts the record.
    if (ms === undefined || firstCovering(ledger, ms) !== snapshotId) continue;
    if (ms >= oldestMs) {
      tally.late++;
      continue;
    }
    // A sealed record that lost its mark is counted as unmarked already.
    if (tally.isUnmarked(recordId)) continue;
    const chunk = chunks.findLast(({ first }) => Date.parse(first.timestamp) <= ms)?.index ?? null;
    tally.add({ kind: 'backdated', snapshotId, recordId, chunk, index: null });
  }
}

function firstCovering(ledger: Ledger, ms: number): string | undefined {
  const instant = formatInstant(ms);
  return ledger.entries.find(({ window }) => contains(window, instant))?.snapshotId;
}

function evidenceDrift(snapshotId: string, chunk: number | null, object: string): Drift {
  return { kind: 'evidence', snapshotId, recordId: '', chunk, index: null, object };
}
