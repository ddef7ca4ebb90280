import { contains } from '../contract/window';
import { SnapshotError } from '../errors';
import type { Manifest } from '../evidence/manifest';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import { listPublishedOverlaps } from './publishedOverlaps';
import { readStoredChunk } from './storedChunk';
import { sealedSince } from './supersession';

/**
 * What the manifest says about late records. The snapshots come from the ledger, and the records are counted in the stored
 * chunks. SNAPSHOT_SUPERSEDED or SNAPSHOT_CONFLICT when the row of the snapshot has other overlaps than the ledger.
 */
export async function latenessOf(
  deps: SealingDeps,
  row: SnapshotRow,
  chunks: readonly ChunkRow[],
): Promise<Manifest['late']> {
  const overlaps = await listPublishedOverlaps(deps, row);
  const snapshots = overlaps.map(({ snapshotId }) => snapshotId).toSorted();
  requireSameOverlaps(
    row,
    row.overlaps.map(({ snapshotId }) => snapshotId),
    snapshots,
  );
  let recordCount = 0;
  if (overlaps.length > 0)
    for (const { chunk } of chunks) {
      const { records } = await readStoredChunk(deps.store, chunk.key, row, chunk);
      for await (const { position } of records)
        if (overlaps.some(({ window }) => contains(window, position.timestamp))) recordCount++;
    }
  return { recordCount, snapshots };
}

/**
 * Compares the overlapping snapshots that are about to be signed with those of the ledger: SNAPSHOT_SUPERSEDED when one was
 * sealed since, SNAPSHOT_CONFLICT when one is not in the ledger.
 */
export function requireSameOverlaps(
  row: Pick<SnapshotRow, 'snapshotId'>,
  known: readonly string[],
  published: readonly string[],
): void {
  const later = published.find((snapshotId) => !known.includes(snapshotId));
  if (later !== undefined) throw sealedSince(row.snapshotId, later);
  const unknown = known.find((snapshotId) => !published.includes(snapshotId));
  if (unknown === undefined) return;
  const message = `the row of ${row.snapshotId} names ${unknown} as a snapshot of the same log time, but the ledger does not list it; nothing was signed. Find out who changed the row, then submit a new job`;
  throw new SnapshotError('SNAPSHOT_CONFLICT', message);
}
