import { SnapshotError, isSnapshotError, messageOf } from '../errors';
import { parseEntry } from '../evidence/ledgerEntry';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../evidence/objectKeys';
import type { ObjectStore, StoredVersion } from '../ports/objectStore';
import type { SigningKey } from '../ports/signer';
import { leafHash } from '../tlog/merkle';
import { openCheckpoint, parseCheckpoint, parseNote, type Checkpoint } from '../tlog/note';
import { TILE_WIDTH, parseBundle, tilesOfLevel } from '../tlog/tiles';
import { forked, rolledBack } from './ledgerErrors';
import type { IndexedEntry, LedgerIndex } from './ledgerIndex';
import { largestBundle, readTile } from './ledgerTiles';

/** A key that may have signed the ledger. */
export type VerificationKey = Pick<SigningKey, 'publicKey'>;

/** What reading the published ledger needs. */
export interface LedgerReading {
  readonly store: ObjectStore;
  readonly ledgerIndex: LedgerIndex;
  readonly settings: { readonly origin: string };
}

/** The ledger in the bucket; the index of the process holds its entries. */
export interface PublishedLedger {
  readonly head: Checkpoint;
  /** The object that has the head. */
  readonly stored: StoredVersion;
}

export interface BucketLedger {
  /** Undefined before the first snapshot. */
  readonly published: PublishedLedger | undefined;
  /** Size of the largest tree that an entry bundle next to the head is of; at least that of the head. */
  readonly bundledSize: number;
}

/** Earlier checkpoints that a process reads when it has not read this ledger before. */
const FIRST_LOOK = 32;

/**
 * Reads the newest checkpoint and every entry that the process does not know yet, and makes sure that no earlier state
 * was put in place of a later one. A bundle is stored for every size, so without a larger bundle there was no larger
 * head, and the cost does not grow with the history. LEDGER_ROLLED_BACK, LEDGER_FORKED, ORIGIN_MISMATCH, STORAGE_*.
 */
export async function readBucketLedger(
  deps: LedgerReading,
  keys: readonly VerificationKey[],
): Promise<BucketLedger> {
  // Before the checkpoint is read: other jobs of this process extend the index while this call waits.
  const knownSize = deps.ledgerIndex.size;
  const stored = await readCheckpoint(deps);
  const head = stored && openHead(deps, stored, keys);
  const size = head?.size ?? 0;
  if (size < knownSize) throw rolledBackTo(size, `this process has read ${knownSize} of them`);
  const bundledSize = await largestBundle(deps.store, size, size);
  if (!head) return { published: undefined, bundledSize };

  await growIndex(deps, head);
  const published = { head, stored };
  await compareEarlier(deps, published, keys, bundledSize > size);
  deps.ledgerIndex.knownVersion = stored.versionId;
  return { published, bundledSize };
}

/** The signed head of a stored checkpoint; ORIGIN_MISMATCH, LEDGER_FORKED. */
function openHead(
  { settings }: LedgerReading,
  { body, versionId }: StoredVersion,
  keys: readonly VerificationKey[],
): Checkpoint {
  const where = `[key=${LEDGER_CHECKPOINT_KEY}, version=${versionId}]`;
  const stated = stateOf(body);
  if (!stated) throw forked(`the object under the key of the ledger checkpoint is not a checkpoint ${where}`);
  if (stated.origin !== settings.origin) throw otherBucket(stated.origin, settings.origin, where);
  const head = signedHead(body, settings.origin, keys);
  if (head) return head;
  throw forked(`no key that the signer lists has signed the ledger checkpoint ${where}`);
}

function stateOf(body: Buffer): Checkpoint | undefined {
  try {
    return parseCheckpoint(parseNote(body).text);
  } catch {
    return undefined;
  }
}

/** Undefined for anything that is not a checkpoint of this origin by one of the keys. */
function signedHead(body: Buffer, origin: string, keys: readonly VerificationKey[]): Checkpoint | undefined {
  try {
    return openCheckpoint(
      body,
      origin,
      keys.map(({ publicKey }) => publicKey),
    );
  } catch {
    return undefined;
  }
}

function otherBucket(found: string, own: string, where: string): SnapshotError {
  const message = `the bucket holds the ledger of ${found}, not of ${own}; one bucket holds one ledger: check AUDIT_ORIGIN and S3_BUCKET ${where}`;
  return new SnapshotError('ORIGIN_MISMATCH', message);
}

/** The newest checkpoint; undefined when none was ever stored. LEDGER_ROLLED_BACK when its versions are hidden. */
async function readCheckpoint({ store }: LedgerReading): Promise<StoredVersion | undefined> {
  const read = () => store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
  const stored = await read();
  if (stored) return stored;
  for await (const { key, versionId, isDeleteMarker } of store.listVersions(LEDGER_CHECKPOINT_KEY)) {
    if (key !== LEDGER_CHECKPOINT_KEY) break;
    // Another job may have published the first checkpoint after it was not found.
    const published = isDeleteMarker ? undefined : await read();
    if (published) return published;
    const version = isDeleteMarker ? `[delete marker=${versionId}]` : `[version=${versionId}]`;
    throw rolledBack(
      `the ledger checkpoint is hidden by a delete marker [key=${key}] ${version}`,
      'Find out who deleted it, then delete the marker by its version id, or run audit-snapshot ledger recover --key trust.json',
    );
  }
  return undefined;
}

/** Adds the entries up to the head to the index; LEDGER_FORKED when they do not lead to its root. */
async function growIndex({ store, ledgerIndex }: LedgerReading, { size, root }: Checkpoint): Promise<void> {
  const base = ledgerIndex.size;
  const entries = base < size ? await readEntries(store, base, size) : [];
  if (!ledgerIndex.extend(size - entries.length, entries, root))
    throw forked(`the published entries do not lead to the root of the ledger checkpoint at ${size} entries`);
}

/** The published entries `[from, until)` of a ledger of `until` entries. */
async function readEntries(store: ObjectStore, from: number, until: number): Promise<IndexedEntry[]> {
  const found: IndexedEntry[] = [];
  for (const { index, width } of tilesOfLevel(until, 0)) {
    const start = index * TILE_WIDTH;
    if (start + width <= from) continue;
    const key = ledgerTileKey('entries', index, width);
    const { body } = await readTile(store, key);
    for (const [offset, bytes] of entriesOf(key, body, width).entries())
      if (start + offset >= from) found.push({ entry: parseStored(key, bytes), leaf: leafHash(bytes) });
  }
  return found;
}

/** The bytes of all entries in the bundles of a ledger of `size` entries; LEDGER_ROLLED_BACK, STORAGE_NOT_FOUND. */
export async function readStoredEntries(store: ObjectStore, size: number): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (const { index, width } of tilesOfLevel(size, 0)) {
    const key = ledgerTileKey('entries', index, width);
    found.push(...entriesOf(key, (await readTile(store, key)).body, width));
  }
  return found;
}

function entriesOf(key: string, body: Buffer, width: number): Buffer[] {
  try {
    return parseBundle(body, width);
  } catch (error) {
    throw forked(`a published entry bundle is malformed: ${messageOf(error)} [key=${key}]`);
  }
}

function parseStored(key: string, bytes: Buffer): IndexedEntry['entry'] {
  try {
    return parseEntry(bytes);
  } catch (error) {
    if (!isSnapshotError(error, 'EVIDENCE_MALFORMED')) throw error;
    throw forked(`a published entry is malformed: ${error.message} [key=${key}]`);
  }
}

/**
 * Compares the head with the checkpoints below it, down to the one that the process knew before. With a bundle beyond the
 * head, which an interrupted or concurrent job leaves as well, every one of them is read.
 */
async function compareEarlier(
  { store, ledgerIndex, settings }: LedgerReading,
  { head, stored }: PublishedLedger,
  keys: readonly VerificationKey[],
  all: boolean,
): Promise<void> {
  let isEarlier = false;
  let read = 0;
  for await (const { key, versionId, isDeleteMarker } of store.listVersions(LEDGER_CHECKPOINT_KEY)) {
    if (key !== LEDGER_CHECKPOINT_KEY || versionId === ledgerIndex.knownVersion) return;
    // Versions above the one that was read come from publishers that won meanwhile.
    if (versionId === stored.versionId) isEarlier = true;
    else if (isEarlier && !isDeleteMarker) {
      if (!all && ++read > FIRST_LOOK) return;
      const body = (await store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES, versionId))?.body;
      const earlier = body && signedHead(body, settings.origin, keys);
      if (earlier) compareHeads(ledgerIndex, head, earlier, versionId);
    }
  }
}

function compareHeads(index: LedgerIndex, head: Checkpoint, earlier: Checkpoint, versionId: string): void {
  const where = `[key=${LEDGER_CHECKPOINT_KEY}, version=${versionId}]`;
  if (earlier.size > head.size)
    throw rolledBackTo(head.size, `an earlier version of it is over ${earlier.size} ${where}`);
  if (index.rootAt(earlier.size)?.equals(earlier.root) !== true)
    throw forked(
      `the ledger does not continue an earlier signed checkpoint over ${earlier.size} entries ${where}`,
    );
}

function rolledBackTo(size: number, larger: string): SnapshotError {
  return rolledBack(
    `the newest version of the ledger checkpoint is over ${size} entries, but ${larger}: an older checkpoint was put on top`,
    'Find out who wrote it, then delete the versions above the largest checkpoint by their version ids, or run audit-snapshot ledger recover --key trust.json',
  );
}
