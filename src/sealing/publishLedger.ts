import { ledgerKey, LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import { SnapshotError, isSnapshotError } from '../errors';
import type { LedgerHead } from '../ports/ledgerSequencer';
import type { SigningKey } from '../ports/signer';
import type { Checkpoint } from '../tlog/note';
import { EMPTY_EDGE, LogTree, MAX_BUNDLE_BYTES, readEdge, type TileObject } from '../tlog/tiles';
import { checkEntries } from './checkEntries';
import type { SealingDeps } from './deps';
import { forked } from './ledgerErrors';
import { largestBundle, readTile } from './ledgerTiles';
import { readBucketLedger, type BucketLedger, type PublishedLedger } from './publishedLedger';
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
    const bucket = await readBucketLedger(deps, await deps.signer.listKeys());
    const head = await requireAhead(deps, bucket);
    const { published } = bucket;
    if (published?.head.size === head.size) {
      requireSameRoot(published.head, head);
      return head.size;
    }
    if (await publishNew(deps, published, head, signal)) return head.size;
  }
  const message = `ledger of ${deps.settings.origin}: other publishers won ${MAX_RACES} times in a row; the call is retried`;
  throw new SnapshotError('STORAGE_FAILED', message, { retryable: true });
}

/** The head that the database has committed. An entry is committed before anything of it is written: LEDGER_BEHIND. */
async function requireAhead(
  { ledger }: SealingDeps,
  { bundledSize }: Pick<BucketLedger, 'bundledSize'>,
): Promise<LedgerHead> {
  const head = await ledger.head();
  if (bundledSize <= head.size) return head;
  const message = `the bucket's ledger has ${bundledSize} entries, the database only ${head.size}: the database was restored to an older state. Nothing was signed; restore the ledger's collections to the newest state, or rebuild them from the bucket: audit-snapshot ledger repair`;
  throw new SnapshotError('LEDGER_BEHIND', message);
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
  await requireAhead(deps, { bundledSize: await largestBundle(deps.store, base, head.size) });
  await extendTree(deps, tree, entries, head, signal);
  // Read again after the writes: a delete marker that appeared in between would have let a second content in.
  await largestBundle(deps.store, base, head.size);
  if (!(await replaceCheckpoint(deps, keys, head, published))) return false;
  deps.ledgerIndex.extend(base, checked, head.root);
  return true;
}

/** The published tree, checked against its own checkpoint. */
async function openTree(deps: SealingDeps, published: Checkpoint | undefined): Promise<LogTree> {
  if (!published) return new LogTree(EMPTY_EDGE);
  const edge = await readEdge(published.size, (path) => readTile(deps.store, ledgerKey(path))).catch(
    (error: unknown) => {
      if (!isSnapshotError(error, 'EVIDENCE_MALFORMED')) throw error;
      throw forked(`a tile at the right edge of the published ledger is malformed: ${error.message}`);
    },
  );
  const tree = new LogTree(edge);
  if (!tree.root().equals(published.root))
    throw forked(`at ${published.size} entries, the ledger checkpoint and its tiles do not agree`);
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

function retainUntil({ clock, settings }: SealingDeps): Date {
  return new Date(clock.nowMs() + settings.retentionMs);
}
