import { LEDGER_CHECKPOINT_KEY, ledgerKey, objectsOfLedger } from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';

const DAY_MS = 86_400_000;
const MAX_MARGIN_MS = 90 * DAY_MS;

/** One version of an object of the ledger. */
interface LedgerVersion {
  readonly key: string;
  readonly versionId: string;
}

interface LockSettings {
  readonly nowMs: number;
  readonly retentionMs: number;
}

/**
 * Until when an object of the ledger is locked: the newest snapshot needs the oldest tile. The margin is long enough that a
 * lock is extended rarely, and short enough that it does not outlive the evidence by much.
 */
export function ledgerLockUntil({ nowMs, retentionMs }: LockSettings): Date {
  return new Date(nowMs + retentionMs + Math.min(MAX_MARGIN_MS, retentionMs / 4));
}

/**
 * Every version of the objects that a ledger of `size` entries consists of, and the newest checkpoint. Partial tiles and
 * checkpoints of earlier sizes are not among them. Reads the listing page by page.
 */
export async function* listLedgerVersions(store: ObjectStore, size: number): AsyncGenerator<LedgerVersion> {
  const needed = new Set<string>();
  for (const { key } of objectsOfLedger(size)) needed.add(key);
  for await (const { key, versionId, isDeleteMarker, isLatest } of store.listVersions(ledgerKey(''))) {
    if (isDeleteMarker || !needed.has(key)) continue;
    if (key !== LEDGER_CHECKPOINT_KEY || isLatest) yield { key, versionId };
  }
}

/** Extends the lock of each version that does not outlive a snapshot that is sealed now; returns how many were. */
export async function extendLedgerLocks(
  store: ObjectStore,
  versions: AsyncIterable<LedgerVersion> | Iterable<LedgerVersion>,
  settings: LockSettings,
  signal?: AbortSignal,
): Promise<number> {
  const neededUntil = new Date(settings.nowMs + settings.retentionMs);
  let extended = 0;
  for await (const { key, versionId } of versions) {
    signal?.throwIfAborted();
    const lock = await store.readLock(key, versionId);
    if (lock?.mode === 'COMPLIANCE' && lock.until >= neededUntil) continue;
    await store.extendLock(key, versionId, ledgerLockUntil(settings));
    extended++;
  }
  return extended;
}
