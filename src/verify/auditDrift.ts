import type { Window } from '../contract/window';
import { splitRecords } from '../evidence/bsonStream';
import { unpackChunk } from '../evidence/chunk';
import { DRIFT_KINDS, DriftMatcher, compareRecord, readMark, type Drift, type DriftKind } from './drift';
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import type { Ledger } from './verifyLedger';
import { readRecord } from '../evidence/recordBytes';
import { sha256Hex } from '../tlog/sha256';
import type { Clock } from '../ports/clock';
import type { ObjectStore } from '../ports/objectStore';
import type { RecordSource } from '../ports/recordSource';

/** Drifts that are listed; all are counted. */
const MAX_LISTED_DRIFTS = 1_000;
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
const IDS_AT_ONCE = 500;

export interface DriftAuditDeps {
  readonly records: RecordSource;
  readonly store: ObjectStore;
  readonly clock: Clock;
}

export interface DriftAuditOptions {
  /** Verified, with pinned keys: what it leads to is taken for sealed. */
  readonly ledger: Ledger;
  /** Only snapshots whose window touches this log time. */
  readonly within?: Window;
  /** Place in the ledger to begin at. */
  readonly fromPlace: number;
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
  /** Where to go on; null when the ledger is through. */
  readonly nextPlace: number | null;
}

/**
 * Compares the live log with what was sealed, snapshot by snapshot: every sealed record is there, byte for byte, and
 * marked; nothing else is marked; nothing unsealed stands in a sealed window beyond the allowance. DATABASE_*, STORAGE_*.
 */
export async function auditDrift(deps: DriftAuditDeps, options: DriftAuditOptions): Promise<DriftAudit> {
  const { ledger, within, untilMs, fromPlace } = options;
  const tally = new Tally();
  let place = fromPlace;
  for (; place < ledger.size; place++) {
    if (tally.snapshots > 0 && untilMs !== undefined && deps.clock.nowMs() >= untilMs) break;
    const { window } = ledger.entries[place]!;
    if (within && (window.from > within.to || within.from > window.to)) continue;
    await auditSnapshot(deps, options, place, tally);
    tally.snapshots++;
  }
  return tally.result(place < ledger.size ? place : null);
}

class Tally {
  snapshots = 0;
  records = 0;
  late = 0;
  readonly #counts = Object.fromEntries(DRIFT_KINDS.map((kind) => [kind, 0])) as Record<DriftKind, number>;
  readonly #drifts: Drift[] = [];
  readonly unmarked = new Set<string>();

  add(drifts: readonly Drift[]): void {
    for (const drift of drifts) {
      if (drift.kind === 'unmarked') this.unmarked.add(drift.recordId);
      this.#counts[drift.kind]++;
      if (this.#drifts.length < MAX_LISTED_DRIFTS) this.#drifts.push(drift);
    }
  }

  result(nextPlace: number | null): DriftAudit {
    const { snapshots, records, late } = this;
    return { snapshots, records, late, counts: this.#counts, drifts: this.#drifts, nextPlace };
  }
}

async function auditSnapshot(
  deps: DriftAuditDeps,
  options: DriftAuditOptions,
  place: number,
  tally: Tally,
): Promise<void> {
  const { snapshotId, manifestSha256, window } = options.ledger.entries[place]!;
  const key = manifestKey(snapshotId);
  const stored = await deps.store.get(key, MAX_MANIFEST_BYTES);
  if (!stored || sha256Hex(stored.body) !== manifestSha256) {
    tally.add([evidenceDrift(snapshotId, null, key)]);
    return;
  }
  const manifest = parseManifest(stored.body);
  const meeting = new DriftMatcher(snapshotId);
  for (const [index, slice] of slicesOf(manifest).entries()) {
    options.signal?.throwIfAborted();
    await addSealed(deps, manifest, index, meeting, tally);
    for await (const document of deps.records.scanMarked(slice.fromMs, slice.untilMs, options.signal)) {
      const live = Buffer.from(document);
      const owner = readMark(live).snapshotId;
      if (owner === snapshotId) tally.add(meeting.addLive(live, index));
      else if (!isSealedElsewhere(options.ledger, owner, live)) {
        const { id: recordId } = readRecord(live);
        tally.add([{ kind: 'planted', snapshotId, recordId, chunk: index, index: null }]);
      }
    }
    options.onProgress?.(snapshotId, tally.records, manifest.recordCount);
  }
  tally.add(await lookUp(deps, snapshotId, meeting));
  tally.add(meeting.planted());
  await auditUnsealed(deps, options, { snapshotId, window, manifest }, tally);
}

/** Log time of each chunk, from its first record to the next one's: together they are the window. */
function slicesOf({ chunks, window }: Manifest): { fromMs: number; untilMs: number }[] {
  const untilMs = Date.parse(window.to) + 1;
  if (chunks.length === 0) return [{ fromMs: Date.parse(window.from), untilMs }];
  return chunks.map(({ first }, index) => ({
    fromMs: Date.parse(index === 0 ? window.from : first.timestamp),
    untilMs: index + 1 < chunks.length ? Date.parse(chunks[index + 1]!.first.timestamp) : untilMs,
  }));
}

async function addSealed(
  { store }: DriftAuditDeps,
  { snapshotId, chunks }: Manifest,
  index: number,
  meeting: DriftMatcher,
  tally: Tally,
): Promise<void> {
  const chunk = chunks[index];
  if (!chunk) return;
  const stored = await store.get(chunk.key, MAX_CHUNK_BYTES, chunk.versionId);
  if (!stored || sha256Hex(stored.body) !== chunk.sha256) {
    tally.add([evidenceDrift(snapshotId, index, chunk.key)]);
    return;
  }
  let offset = 0;
  for (const bytes of splitRecords(await unpackChunk(stored.body))) {
    const { id } = readRecord(bytes);
    tally.add(meeting.addSealed({ id, bytes, chunk: index, index: chunk.begin + offset++ }));
  }
  tally.records += offset;
}

function evidenceDrift(snapshotId: string, chunk: number | null, object: string): Drift {
  return { kind: 'evidence', snapshotId, recordId: '', chunk, index: null, object };
}

/** A record marked by another snapshot is that one's to answer for, if its window holds the record's time. */
function isSealedElsewhere(ledger: Ledger, owner: string | undefined, live: Buffer): boolean {
  const place = owner === undefined ? undefined : ledger.indexOf.get(owner);
  if (place === undefined) return false;
  const { from, to } = ledger.entries[place]!.window;
  return readRecord(live).timestamps.some((ms) => ms >= Date.parse(from) && ms <= Date.parse(to));
}

/** Sealed records that were not met among the marked ones of the window, by their ids. */
async function lookUp(
  { records }: DriftAuditDeps,
  snapshotId: string,
  meeting: DriftMatcher,
): Promise<Drift[]> {
  const unmet = meeting.takeUnmatched();
  const drifts: Drift[] = [];
  for (let start = 0; start < unmet.length; start += IDS_AT_ONCE) {
    const part = unmet.slice(start, start + IDS_AT_ONCE);
    const live = new Map<string, Buffer>();
    for (const document of await records.findByIds(part.map(({ id }) => id))) {
      const bytes = Buffer.from(document);
      live.set(readRecord(bytes).id, bytes);
    }
    drifts.push(...part.flatMap((sealed) => compareRecord(sealed, snapshotId, live.get(sealed.id))));
  }
  return drifts;
}

interface AuditedWindow {
  readonly snapshotId: string;
  readonly window: Window;
  readonly manifest: Manifest;
}

async function auditUnsealed(
  { records, clock }: DriftAuditDeps,
  { ledger, lateAllowanceMs, signal }: DriftAuditOptions,
  { snapshotId, window, manifest }: AuditedWindow,
  tally: Tally,
): Promise<void> {
  const oldestMs = clock.nowMs() - lateAllowanceMs;
  const slice = { fromMs: Date.parse(window.from), untilMs: Date.parse(window.to) + 1 };
  for await (const document of records.scanUnmarked(slice.fromMs, slice.untilMs, signal)) {
    const { id: recordId, timestamps } = readRecord(document);
    const ms = timestamps.find((candidate) => candidate >= slice.fromMs && candidate < slice.untilMs);
    // Windows may overlap: the first snapshot of the ledger that covers the instant answers for it.
    if (ms === undefined || firstCovering(ledger, ms) !== snapshotId) continue;
    if (ms >= oldestMs) {
      tally.late++;
      continue;
    }
    // A sealed record that lost its mark is named as that already.
    if (tally.unmarked.has(recordId)) continue;
    const chunk = manifest.chunks.findLast(({ first }) => Date.parse(first.timestamp) <= ms)?.index ?? null;
    tally.add([{ kind: 'backdated', snapshotId, recordId, chunk, index: null }]);
  }
}

function firstCovering(ledger: Ledger, ms: number): string | undefined {
  const instant = new Date(ms).toISOString();
  return ledger.entries.find(({ window }) => window.from <= instant && instant <= window.to)?.snapshotId;
}
