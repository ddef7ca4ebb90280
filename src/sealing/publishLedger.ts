import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY, ledgerKey } from '../evidence/objectKeys';
import { SnapshotError } from '../errors';
import type { LedgerHead } from '../ports/ledgerSequencer';
import type { StoredVersion } from '../ports/objectStore';
import { parseCheckpoint, parseNote, type Checkpoint } from '../tlog/note';
import { EMPTY_EDGE, LogTree, MAX_BUNDLE_BYTES, readEdge, type TileObject } from '../tlog/tiles';
import type { SealingDeps } from './deps';
import { newestKey, signCheckpoint } from './signing';

/** Concurrent publishers that may win in a row; each of them extends the ledger, so this is not reached. */
const MAX_RACES = 50;

/**
 * Publishes what the ledger has committed: first tiles, each written once, then a checkpoint over them that replaces the
 * one it extends. Returns the published size. When the database knows fewer entries than the bucket (LEDGER_BEHIND) or
 * other ones (LEDGER_FORKED), nothing is signed.
 */
export async function publishLedger(deps: SealingDeps, signal: AbortSignal): Promise<number> {
  for (let race = 0; race < MAX_RACES; race++) {
    signal.throwIfAborted();
    const stored = await deps.store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
    const published = stored && readPublished(deps, stored);
    const head = await deps.ledger.head();
    const tree = await openTree(deps, published, head);
    if (published && tree.size === head.size) return head.size;
    await extendTree(deps, tree, head, signal);
    if (await replaceCheckpoint(deps, head, stored)) return head.size;
  }
  const message = `ledger of ${deps.settings.origin}: other publishers won ${MAX_RACES} times in a row; the call is retried`;
  throw new SnapshotError('STORAGE_FAILED', message, { retryable: true });
}

/** The signature is not verified here: size and root are compared with what the database committed. */
function readPublished({ settings }: SealingDeps, { body, versionId }: StoredVersion): Checkpoint {
  const where = `[key=${LEDGER_CHECKPOINT_KEY}, version=${versionId}]`;
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(parseNote(body).text);
  } catch {
    throw forked(`the object under the key of the ledger checkpoint is not a checkpoint ${where}`);
  }
  if (checkpoint.origin === settings.origin) return checkpoint;
  throw forked(
    `the bucket holds the ledger of ${checkpoint.origin}, not of ${settings.origin}; one bucket holds one ledger: check AUDIT_ORIGIN and S3_BUCKET ${where}`,
  );
}

/** The published tree, checked against its own checkpoint and, by size, against the head. */
async function openTree(
  deps: SealingDeps,
  published: Checkpoint | undefined,
  head: LedgerHead,
): Promise<LogTree> {
  if (!published) return new LogTree(EMPTY_EDGE);
  if (published.size > head.size) {
    const message = `the bucket's ledger has ${published.size} entries, the database only ${head.size}: the database was restored to an older state. Nothing was signed; restore the ledger's collections to the newest state`;
    throw new SnapshotError('LEDGER_BEHIND', message);
  }
  const tree = new LogTree(await readEdge(published.size, (path) => readTile(deps, path)));
  const committed = tree.size === head.size ? head.root : published.root;
  if (!tree.root().equals(published.root) || !committed.equals(published.root))
    throw forked(`at ${published.size} entries, checkpoint, tiles and database do not agree`);
  return tree;
}

/** Publishes a bundle for every size on the way: an object that is written once takes the index of each entry. */
async function extendTree(
  deps: SealingDeps,
  tree: LogTree,
  head: LedgerHead,
  signal: AbortSignal,
): Promise<void> {
  for (const entry of await deps.ledger.list(tree.size, head.size)) {
    signal.throwIfAborted();
    const full = tree.append(entry);
    for (const tile of full.length > 0 ? full : [tree.entryBundle()]) await putTile(deps, tile);
  }
  if (!tree.root().equals(head.root))
    throw forked(`the published tiles do not lead to the root that the database has at ${head.size} entries`);
  for (const tile of tree.partialTiles()) await putTile(deps, tile);
}

async function readTile({ store }: SealingDeps, path: string): Promise<Buffer> {
  const key = ledgerKey(path);
  const stored = await store.get(key, MAX_BUNDLE_BYTES);
  if (stored) return stored.body;
  throw new SnapshotError('STORAGE_NOT_FOUND', `a tile of the ledger is gone from storage [key=${key}]`);
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
  { size, root }: LedgerHead,
  stored: StoredVersion | undefined,
): Promise<boolean> {
  const { origin } = deps.settings;
  const note = await signCheckpoint(deps.signer, { origin, size, root }, await newestKey(deps.signer));
  const until = retainUntil(deps);
  const put = stored
    ? await deps.store.replace(LEDGER_CHECKPOINT_KEY, note, until, stored.etag)
    : await deps.store.putOnce(LEDGER_CHECKPOINT_KEY, note, until);
  return put !== undefined;
}

function retainUntil({ clock, settings }: SealingDeps): Date {
  return new Date(clock.nowMs() + settings.retentionMs);
}

function forked(what: string): SnapshotError {
  const message = `${what}; nothing was signed, and nothing that is published was changed`;
  return new SnapshotError('LEDGER_FORKED', message);
}
