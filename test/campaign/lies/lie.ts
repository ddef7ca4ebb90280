import type { LedgerDraft, ManifestDraft, SnapshotDraft } from './draft';

/** One false statement that is signed like a true one. */
export interface Lie {
  /** The kind, such as `time`, and what is false. */
  readonly kind: string;
  readonly name: string;
  readonly tell: (draft: LedgerDraft) => void;
}

/** A lie about one snapshot of the ledger. */
export function about(
  kind: string,
  jobId: string,
  name: string,
  tell: (snapshot: SnapshotDraft) => void,
): Lie {
  return { kind, name: `${jobId}: ${name}`, tell: (draft) => tell(snapshotOf(draft, jobId)) };
}

/** A lie that the manifest of one snapshot tells, whatever its chunks are. */
export function inManifest(
  kind: string,
  jobId: string,
  name: string,
  edit: (manifest: ManifestDraft) => void,
): Lie {
  return about(kind, jobId, name, (snapshot) => {
    snapshot.edit = edit;
  });
}

/** The draft of a snapshot; throws when the ledger has none. */
function snapshotOf({ snapshots }: LedgerDraft, jobId: string): SnapshotDraft {
  const found = snapshots.find((snapshot) => snapshot.jobId === jobId);
  if (!found) throw new Error(`no snapshot of ${jobId}`);
  return found;
}
