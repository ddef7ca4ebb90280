import { SNAPSHOT_ID } from '../contract/names';
import { manifestKey, manifestSignatureKey } from '../evidence/objectKeys';
import type { EvidenceReader } from './evidenceReader';
import { foreignNote, unfinishedNote } from './foreignObject';

/** What storage lists below `snapshots/`. */
export interface BucketSnapshots {
  /** Ids of the snapshots with a manifest and its signature, sorted. */
  readonly finished: readonly string[];
  /** Of every other snapshot, the number of its objects. */
  readonly unfinished: ReadonlyMap<string, number>;
  /** Keys below `snapshots/` that no snapshot has. */
  readonly foreign: readonly string[];
  /** Objects of snapshots that a delete marker hides. */
  readonly hidden: readonly string[];
}

/** Lists every snapshot in a bucket, in one request for each thousand versions; undefined where nothing can be listed. */
export async function listSnapshots(reader: EvidenceReader): Promise<BucketSnapshots | undefined> {
  if (!reader.listVersions) return undefined;
  const objects = new Map<string, Set<string>>();
  const foreign = new Set<string>();
  const hidden: string[] = [];
  for await (const { key, isLatest, isDeleteMarker } of reader.listVersions('snapshots/')) {
    const [, snapshotId = ''] = key.split('/');
    if (isDeleteMarker && isLatest) hidden.push(key);
    if (!SNAPSHOT_ID.test(snapshotId)) foreign.add(key);
    else objects.set(snapshotId, (objects.get(snapshotId) ?? new Set()).add(key));
  }
  const finished = [...objects].filter(([snapshotId, keys]) =>
    [manifestKey(snapshotId), manifestSignatureKey(snapshotId)].every((key) => keys.has(key)),
  );
  const ids = new Set(finished.map(([snapshotId]) => snapshotId));
  const unfinished = [...objects].filter(([snapshotId]) => !ids.has(snapshotId));
  return {
    finished: [...ids].toSorted(),
    unfinished: new Map(unfinished.map(([snapshotId, keys]) => [snapshotId, keys.size])),
    foreign: [...foreign],
    hidden,
  };
}

/** Names what is not evidence. A snapshot that the ledger names has its own report, whatever is left of it. */
export function noteUnfinished(
  { unfinished, foreign, hidden }: BucketSnapshots,
  named: ReadonlySet<string>,
): readonly string[] {
  const left = [...unfinished].filter(([snapshotId]) => !named.has(snapshotId));
  return [
    ...hidden.map((key) => `${key} is hidden by a delete marker; its versions are still there`),
    ...left.map(([snapshotId, objects]) => unfinishedNote(snapshotId, objects)),
    ...foreign.map(foreignNote),
  ];
}
