import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY, ledgerKey } from '../evidence/objectKeys';
import type { Clock } from '../ports/clock';
import type { ListedVersion, ObjectStore } from '../ports/objectStore';
import { openCheckpoint } from '../tlog/note';
import { ledgerLockUntil } from './ledgerLocks';

/** Below these keys are ledger and snapshots. */
const PREFIXES = [ledgerKey(''), 'snapshots/'];

export interface RecoverDeps {
  readonly store: ObjectStore;
  /** Deletes a delete marker by its version id. */
  readonly removeMarker: (marker: Pick<ListedVersion, 'key' | 'versionId'>) => Promise<void>;
  /** The pinned keys. */
  readonly keys: readonly Buffer[];
  readonly clock: Clock;
  readonly settings: { readonly origin: string; readonly retentionMs: number };
}

export interface RecoveredBucket {
  /** Delete markers that were removed, or would be. */
  readonly markers: readonly { readonly key: string; readonly versionId: string }[];
  /** Sizes of the checkpoint that was on top and of the largest one, if they differ. */
  readonly checkpoint: { readonly found: number; readonly largest: number } | null;
}

/** One version of the checkpoint. */
interface SignedCheckpoint {
  readonly versionId: string;
  readonly body: Buffer;
  readonly size: number;
}

/**
 * Undoes a rollback of the bucket: removes the delete markers from the objects of ledger and snapshots, and puts the largest
 * checkpoint that a pinned key signed on top again. No version of an object is deleted. STORAGE_*.
 */
export async function recoverBucket(deps: RecoverDeps, dryRun: boolean): Promise<RecoveredBucket> {
  const markers: { key: string; versionId: string }[] = [];
  for (const prefix of PREFIXES)
    for await (const { key, versionId, isDeleteMarker } of deps.store.listVersions(prefix))
      if (isDeleteMarker) markers.push({ key, versionId });
  if (!dryRun) for (const marker of markers) await deps.removeMarker(marker);
  return { markers, checkpoint: await raiseCheckpoint(deps, dryRun) };
}

async function raiseCheckpoint(deps: RecoverDeps, dryRun: boolean): Promise<RecoveredBucket['checkpoint']> {
  const checkpoints = await readCheckpoints(deps);
  const [newest] = checkpoints;
  const largest = checkpoints.toSorted((left, right) => right.size - left.size)[0];
  if (!newest || !largest || largest.size === newest.size) return null;
  if (!dryRun) await putOnTop(deps, newest, largest);
  return { found: newest.size, largest: largest.size };
}

/** Every version of the checkpoint, the newest first. */
async function readCheckpoints(deps: RecoverDeps): Promise<readonly SignedCheckpoint[]> {
  const { store } = deps;
  const checkpoints: SignedCheckpoint[] = [];
  for await (const { key, versionId, isDeleteMarker } of store.listVersions(LEDGER_CHECKPOINT_KEY)) {
    if (key !== LEDGER_CHECKPOINT_KEY || isDeleteMarker) continue;
    const body = (await store.get(key, MAX_CHECKPOINT_BYTES, versionId))?.body;
    if (body) checkpoints.push({ versionId, body, size: sizeOf(deps, body) });
  }
  return checkpoints;
}

async function putOnTop(
  { store, clock, settings }: RecoverDeps,
  newest: SignedCheckpoint,
  { body }: SignedCheckpoint,
): Promise<void> {
  const until = ledgerLockUntil({ nowMs: clock.nowMs(), retentionMs: settings.retentionMs });
  const top = await store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
  const isSame = top?.versionId === newest.versionId;
  if (isSame && (await store.replace(LEDGER_CHECKPOINT_KEY, body, until, top.etag))) return;
  throw new SnapshotError(
    'STORAGE_FAILED',
    'the ledger checkpoint was replaced meanwhile; stop the workers, then run the command again',
    { retryable: true },
  );
}

/** -1 for anything that is not a checkpoint of this ledger by a pinned key. */
function sizeOf({ keys, settings }: RecoverDeps, body: Buffer): number {
  try {
    return openCheckpoint(body, settings.origin, [...keys])?.size ?? -1;
  } catch {
    return -1;
  }
}
