import { ledgerKey, LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import { SnapshotError, isSnapshotError } from '../errors';
import type { LedgerHead } from '../ports/ledgerSequencer';
import type { SigningKey } from '../ports/signer';
import type { Checkpoint } from '../tlog/note';
import { EMPTY_EDGE, LogTree, MAX_BUNDLE_BYTES, readEdge, type TileObject } from '../tlog/tiles';
import { checkEntries } from './checkEntries';
import { requireAhead } from './compareLedger';
import type { SealingDeps } from './deps';
import { forked } from './ledgerErrors';
import { largestBundle, readTile } from './ledgerTiles';
import { extendLedgerLocks, ledgerLockUntil } from './ledgerLocks';
import { readBucketLedger, type PublishedLedger } from './publishedLedger';
import { newestOf, signCheckpoint } from './signing';

/** Concurrent publishers that may win in a row; each of them extends the ledger, so this is not reached. */
const MAX_RACES = 50;

/**
 * Publishes what the ledger has committed: first tiles, each written once, then a checkpoint over them that replaces the
 * one it extends. Returns the published size. Nothing is signed when the bucket was rolled back (LEDGER_ROLLED_BACK), when
 * the database has fewer entries (LEDGER_BEHIND) or other ones (LEDGER_FORKED), or an entry that follows from no sealed
 * snapshot (LEDGER_ENTRY_INVALID).
 */
export async function publishLedger(deps: SealingDeps, signal: AbortSignal): Promise<number> {
  for (let race = 0; race < MAX_RACES; race++) {
    signal.throwIfAborted();
    const { published, bundledSize } = await readBucketLedger(deps, await deps.signer.listKeys());
    const head = await requireAhead(deps.ledger, bundledSize);
    if (published?.head.size === head.size) {
      requireSameRoot(published.head, head);
      return head.size;
    }
    if (await publishNew(deps, published, head, signal)) return head.size;
  }
  const message = `ledger of ${deps.settings.origin}: other publishers won ${MAX_RACES} times in a row; the call is retried`;
  throw new SnapshotError('STORAGE_FAILED', message, { retryable: true });
}

function requireSameRoot(published: Checkpoint, head: LedgerHead): void {
  if (!published.root.equals(head.root))
    throw forked(`at ${published.size} entries, the ledger checkpoint and the database do not agree`);
}

/** False when another publisher replaced the checkpoint meanwhile. */
async function publishNew(
  deps: SealingDeps,
  published: PublishedLedger | undefined,
  head: LedgerHead,
  signal: AbortSignal,
): Promise<boolean> {
  const tree = await openTree(deps, published?.head);
  const base = tree.size;
  const entries = await deps.ledger.list(base, head.size);
  const keys = await deps.signer.listKeys();
  const checked = await checkEntries(deps, keys, base, entries);
  await requireAhead(deps.ledger, await largestBundle(deps.store, base, head.size));
  await extendTree(deps, tree, entries, head, signal);
  // Read again after the writes: a delete marker that appeared in between would have let a second content in.
  await largestBundle(deps.store, base, head.size);
  if (!(await replaceCheckpoint(deps, keys, head, published))) return false;
  deps.ledgerIndex.extend(base, checked, head.root);
  return true;
}

/** The published tree, checked against its own checkpoint; the tiles that it relies on outlive the new snapshot. */
async function openTree(deps: SealingDeps, published: Checkpoint | undefined): Promise<LogTree> {
  if (!published) return new LogTree(EMPTY_EDGE);
  const versions: { readonly key: string; readonly versionId: string }[] = [];
  const read = async (path: string) => {
    const { body, versionId } = await readTile(deps.store, ledgerKey(path));
    versions.push({ key: ledgerKey(path), versionId });
    return body;
  };
  const edge = await readEdge(published.size, read).catch((error: unknown) => {
    if (!isSnapshotError(error, 'EVIDENCE_MALFORMED')) throw error;
    throw forked(`a tile at the right edge of the published ledger is malformed: ${error.message}`);
  });
  const tree = new LogTree(edge);
  if (!tree.root().equals(published.root))
    throw forked(`at ${published.size} entries, the ledger checkpoint and its tiles do not agree`);
  await extendLedgerLocks(deps.store, versions, lockSettings(deps));
  return tree;
}

/** Publishes a bundle for every size on the way: an object that is written once takes the index of each entry. */
async function extendTree(
  deps: SealingDeps,
  tree: LogTree,
  entries: readonly Buffer[],
  head: LedgerHead,
  signal: AbortSignal,
): Promise<void> {
  for (const entry of entries) {
    signal.throwIfAborted();
    const full = tree.append(entry);
    for (const tile of full.length > 0 ? full : [tree.entryBundle()]) await putTile(deps, tile);
  }
  if (!tree.root().equals(head.root))
    throw forked(`the published tiles do not lead to the root that the database has at ${head.size} entries`);
  for (const tile of tree.partialTiles()) await putTile(deps, tile);
}

async function putTile(deps: SealingDeps, { path, body }: TileObject): Promise<void> {
  const key = ledgerKey(path);
  if (await deps.store.putOnce(key, body, retainUntil(deps))) return;
  const stored = await deps.store.get(key, MAX_BUNDLE_BYTES);
  if (stored?.body.equals(body)) return;
  throw forked(`storage holds a tile with other bytes than this history has [key=${key}]`);
}

/** False when another publisher replaced the stored checkpoint meanwhile. */
async function replaceCheckpoint(
  deps: SealingDeps,
  keys: readonly SigningKey[],
  { size, root }: LedgerHead,
  published: PublishedLedger | undefined,
): Promise<boolean> {
  const { origin } = deps.settings;
  const note = await signCheckpoint(deps.signer, { origin, size, root }, newestOf(keys));
  const until = retainUntil(deps);
  const put = published
    ? await deps.store.replace(LEDGER_CHECKPOINT_KEY, note, until, published.stored.etag)
    : await deps.store.putOnce(LEDGER_CHECKPOINT_KEY, note, until);
  return put !== undefined;
}

function retainUntil(deps: SealingDeps): Date {
  return ledgerLockUntil(lockSettings(deps));
}

function lockSettings({ clock, settings }: SealingDeps) {
  return { nowMs: clock.nowMs(), retentionMs: settings.retentionMs };
}
