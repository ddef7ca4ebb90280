import { SnapshotError } from '../errors';
import { ledgerTileKey } from '../evidence/objectKeys';
import type { ListedVersion, ObjectStore, StoredVersion } from '../ports/objectStore';
import { MAX_BUNDLE_BYTES, TILE_WIDTH } from '../tlog/tiles';
import { forked, rolledBack } from './ledgerErrors';

/** The newest version of a tile or bundle that the published ledger needs; LEDGER_ROLLED_BACK, STORAGE_NOT_FOUND. */
export async function readTile(store: ObjectStore, key: string): Promise<StoredVersion> {
  const stored = await store.get(key, MAX_BUNDLE_BYTES);
  if (stored) return stored;
  for await (const version of store.listVersions(key)) if (version.key === key) refuseMarker(version);
  const message = `an object of the ledger is gone from storage, and without it nothing can be appended; restore it from a copy of the evidence [key=${key}]`;
  throw new SnapshotError('STORAGE_NOT_FOUND', message);
}

/**
 * The size of the largest tree of which there is an entry bundle, among those bundles that trees of `from` to `until`
 * entries end with; at least `from`. Each bundle must have one content: LEDGER_ROLLED_BACK for a delete marker,
 * LEDGER_FORKED for a second version with other bytes.
 */
export async function largestBundle(store: ObjectStore, from: number, until: number): Promise<number> {
  let largest = from;
  for (let index = Math.floor(from / TILE_WIDTH); index <= Math.floor(until / TILE_WIDTH); index++) {
    const full = ledgerTileKey('entries', index, TILE_WIDTH);
    let previous: ListedVersion | undefined;
    for await (const version of store.listVersions(full)) {
      const width = widthOf(version.key, full);
      if (width === undefined) continue;
      refuseMarker(version);
      if (previous?.key === version.key) await requireSameBytes(store, previous, version);
      previous = version;
      largest = Math.max(largest, index * TILE_WIDTH + width);
    }
  }
  return largest;
}

/** Entries in the bundle with this key; undefined for a key that is not one of this bundle index. */
function widthOf(key: string, full: string): number | undefined {
  if (key === full) return TILE_WIDTH;
  const width = key.startsWith(`${full}.p/`) ? Number(key.slice(full.length + 3)) : Number.NaN;
  return Number.isInteger(width) && width > 0 && width < TILE_WIDTH ? width : undefined;
}

function refuseMarker({ key, versionId, isDeleteMarker }: ListedVersion): void {
  if (!isDeleteMarker) return;
  throw rolledBack(
    `an object of the ledger has a delete marker [key=${key}, version=${versionId}]`,
    'Find out who deleted it, then delete the marker by its version id, or run audit-snapshot ledger recover --key trust.json',
  );
}

/** A copy of the same bytes changes no history; other bytes under a key that is written once do. */
async function requireSameBytes(
  store: ObjectStore,
  left: ListedVersion,
  right: ListedVersion,
): Promise<void> {
  const [one, other] = await Promise.all(
    [left, right].map(({ key, versionId }) => store.get(key, MAX_BUNDLE_BYTES, versionId)),
  );
  if (one && other && one.body.equals(other.body)) return;
  throw forked(
    `an object of the ledger that is written once has two versions with different bytes: keep both, and compare them with the checkpoints that others stored [key=${left.key}, versions=${left.versionId}, ${right.versionId}]`,
  );
}
