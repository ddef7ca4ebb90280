import { isSnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import type { ObjectStore } from '../ports/objectStore';
import { parseCheckpoint, parseNote, type Checkpoint } from '../tlog/note';
import { compareDatabase } from '../verify/compareDatabase';
import { largestBundle } from './ledgerTiles';

export interface HeadDeps {
  readonly store: ObjectStore;
  readonly sequencer: Pick<LedgerSequencer, 'head' | 'list'>;
  readonly origin: string;
}

/**
 * Compares the newest ledger checkpoint with its earlier versions, the bundles in the bucket and the head in the database,
 * without keys and without reading the ledger. Returns what differs, in words; undefined when nothing does. An entry that
 * is committed and not published yet is no difference. STORAGE_*, DATABASE_*.
 */
export async function compareHeads(deps: HeadDeps): Promise<string | undefined> {
  try {
    return await findDifference(deps);
  } catch (error) {
    if (isSnapshotError(error, 'LEDGER_ROLLED_BACK') || isSnapshotError(error, 'LEDGER_FORKED'))
      return error.message;
    throw error;
  }
}

async function findDifference({ store, sequencer, origin }: HeadDeps): Promise<string | undefined> {
  const stored = await store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
  const head = stored && headOf(stored.body);
  if (stored && !head) return `the object under ${LEDGER_CHECKPOINT_KEY} is not a checkpoint`;
  if (head && head.origin !== origin) return `the bucket has the ledger of ${head.origin}, not of ${origin}`;
  const size = head?.size ?? 0;
  if (!head || (await largestBundle(store, size, size)) > size) {
    const largest = await largestVersion(store, origin);
    if (largest > size)
      return `the newest version of the ledger checkpoint is over ${size} entries, an earlier one over ${largest}: an older checkpoint was put on top, or a delete marker hides it`;
  }
  return head && (await compareDatabase(sequencer, head)).difference;
}

function headOf(body: Buffer): Checkpoint | undefined {
  try {
    return parseCheckpoint(parseNote(body).text);
  } catch {
    // Not a checkpoint.
    return undefined;
  }
}

/** The largest tree that any version of the checkpoint is over. */
async function largestVersion(store: ObjectStore, origin: string): Promise<number> {
  let largest = 0;
  for await (const { key, versionId, isDeleteMarker } of store.listVersions(LEDGER_CHECKPOINT_KEY)) {
    if (key !== LEDGER_CHECKPOINT_KEY) break;
    if (isDeleteMarker) continue;
    const version = await store.get(key, MAX_CHECKPOINT_BYTES, versionId);
    const head = version && headOf(version.body);
    if (head?.origin === origin) largest = Math.max(largest, head.size);
  }
  return largest;
}
