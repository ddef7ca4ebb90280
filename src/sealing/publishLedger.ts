import { checkpointText, formatNote, keyId, parseCheckpoint, parseNote, type Checkpoint } from '../tlog/note';
import { EMPTY_EDGE, LogTree, MAX_BUNDLE_BYTES, readEdge, type TileObject } from '../tlog/tiles';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY, ledgerKey } from '../evidence/objectKeys';
import { SnapshotError } from '../errors';
import type { LedgerHead } from '../ports/ledgerSequencer';
import type { StoredVersion } from '../ports/objectStore';
import type { SealingDeps } from './deps';
import { signVerified } from './signVerified';

/** Others that publish at the same moment; each of them brings the ledger further, so this is not reached. */
const MAX_RACES = 50;

/**
 * Publishes what the ledger has committed: tiles first, each written once, then a checkpoint over them on top of the
 * one that it continues. Returns the size published. A database that knows less than the bucket (LEDGER_BEHIND) or
 * something else (LEDGER_FORKED) signs nothing.
 */
export async function publishLedger(deps: SealingDeps, signal: AbortSignal): Promise<number> {
  for (let race = 0; race < MAX_RACES; race++) {
    signal.throwIfAborted();
    const stored = await deps.store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
    const published = stored && readPublished(deps, stored);
    const head = await deps.ledger.head();
    const tree = await openTree(deps, published, head);
    if (published && tree.size === head.size) return head.size;
    await grow(deps, tree, head, signal);
    if (await replaceCheckpoint(deps, head, stored)) return head.size;
  }
  const message = `ledger of ${deps.settings.origin}: ${MAX_RACES} checkpoints were overtaken by others`;
  throw new SnapshotError('STORAGE_FAILED', message, { retryable: true });
}

/** Its signature is not what counts here: size and root are compared with what the database committed. */
function readPublished({ settings }: SealingDeps, { body, versionId }: StoredVersion): Checkpoint {
  const where = `[key=${LEDGER_CHECKPOINT_KEY}, version=${versionId}]`;
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(parseNote(body).text);
  } catch {
    throw forked(`the bucket holds no ledger checkpoint under its key, but something else ${where}`);
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
    const message = `the bucket's ledger has ${published.size} entries, the database only ${head.size}: it was restored to an older state. Nothing was signed; restore the ledger's collections to the newest state`;
    throw new SnapshotError('LEDGER_BEHIND', message);
  }
  const tree = new LogTree(
    await readEdge(published.size, async (path) => {
      const key = ledgerKey(path);
      const stored = await deps.store.get(key, MAX_BUNDLE_BYTES);
      if (stored) return stored.body;
      throw new SnapshotError('STORAGE_NOT_FOUND', `a tile of the ledger is gone from storage [key=${key}]`);
    }),
  );
  const committed = tree.size === head.size ? head.root : undefined;
  if (!tree.root().equals(published.root) || (committed && !committed.equals(published.root)))
    throw forked(`at ${published.size} entries, checkpoint, tiles and database do not agree`);
  return tree;
}

/** Publishes a bundle for every size on the way: each entry's place is taken by an object that is written once. */
async function grow(deps: SealingDeps, tree: LogTree, head: LedgerHead, signal: AbortSignal): Promise<void> {
  for (const entry of await deps.ledger.list(tree.size, head.size)) {
    signal.throwIfAborted();
    const full = tree.append(entry);
    for (const tile of full.length > 0 ? full : [tree.entryBundle()]) await putTile(deps, tile);
  }
  if (!tree.root().equals(head.root))
    throw forked(`what is published does not lead to what the database committed at ${head.size} entries`);
  for (const tile of tree.partialTiles()) await putTile(deps, tile);
}

async function putTile(deps: SealingDeps, { path, body }: TileObject): Promise<void> {
  const key = ledgerKey(path);
  if (await deps.store.putOnce(key, body, retainUntil(deps))) return;
  const stored = await deps.store.get(key, MAX_BUNDLE_BYTES);
  if (stored?.body.equals(body)) return;
  throw forked(`storage holds another tile than this history makes [key=${key}]`);
}

async function replaceCheckpoint(
  deps: SealingDeps,
  { size, root }: LedgerHead,
  stored: StoredVersion | undefined,
): Promise<boolean> {
  const { origin } = deps.settings;
  const key = (await deps.signer.listKeys()).at(-1);
  if (!key) throw new SnapshotError('KEY_MISSING', 'the signing key has no version');
  const text = checkpointText({ origin, size, root });
  const signature = await signVerified(deps, Buffer.from(text), key.version, key.publicKey);
  const note = formatNote(text, [{ name: origin, keyId: keyId(origin, key.publicKey), signature }]);
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
  return new SnapshotError(
    'LEDGER_FORKED',
    `${what}; nothing was signed, and what is published stays as it is`,
  );
}
