import type { OpenedSnapshot, SealedManifest } from '../../src/contract/activities';
import type { AuditSnapshotResult, OnTamper } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { markChunks } from './markChunks';
import { sealRecords } from './sealRecords';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import type { WorkflowEngine } from './workflowEngine';

export interface SealInput {
  readonly jobId: string;
  readonly window: Window;
  readonly onTamper: OnTamper;
  /** When this attempt ends, in milliseconds on the clock of the engine. */
  readonly deadlineMs: number;
  readonly onLongHistory: () => Promise<never>;
}

type OpenSnapshot = OpenedSnapshot & { readonly state: 'open' };

/**
 * One attempt, from the durable state to the closed snapshot. Until the manifest is stored a cancel stops it. From signing
 * on it is shielded: if the records of a signed snapshot stayed unmarked, they could be sealed twice.
 */
export async function sealSnapshot(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: SealInput,
): Promise<AuditSnapshotResult> {
  const { jobId, window, onTamper, deadlineMs, onLongHistory } = input;
  const summary = `${window.from} → ${window.to}`;
  const opened = await engine.call('openSnapshot', summary, { jobId, window, onTamper });
  if (opened.state === 'closed') return opened.result;
  tracker.opened(opened);
  const manifest = await sealUpToManifest(engine, tracker, opened, onLongHistory);

  // The last point at which a cancel can roll back.
  engine.throwIfCancelled();
  return engine.shielded(() =>
    // Shielded from a cancel, not from the deadline of the attempt.
    engine.withDeadline(deadlineMs - engine.nowMs(), () =>
      finishSnapshot(engine, tracker, opened, manifest, onLongHistory),
    ),
  );
}

/** Seals the records that are left, then the manifest over all of them. */
async function sealUpToManifest(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  { snapshotId, checkpoint }: OpenSnapshot,
  onLongHistory: () => Promise<never>,
): Promise<SealedManifest> {
  let chunkCount = checkpoint.nextIndex;
  if (!checkpoint.complete) {
    tracker.enter('sealing');
    chunkCount = await sealRecords(engine, tracker, snapshotId, checkpoint, onLongHistory);
  }
  tracker.enter('manifest');
  const manifest = await engine.call('sealManifest', `${chunkCount} chunks`, { snapshotId, chunkCount });
  tracker.settled(manifest.recordCount);
  return manifest;
}

/** The steps from signing on, strictly in this order: each relies on what the previous one made durable. */
async function finishSnapshot(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  { snapshotId, marks }: OpenSnapshot,
  { manifestSha256, recordCount, chunkCount }: SealedManifest,
  onLongHistory: () => Promise<never>,
): Promise<AuditSnapshotResult> {
  tracker.enter('signing');
  await engine.call('signManifest', `manifest ${manifestSha256.slice(0, 16)}…`, { snapshotId });

  tracker.enter('registering');
  const registered = await engine.call('registerAsset', `${recordCount} records`, { snapshotId });

  tracker.enter('appending');
  await engine.call('appendToLedger', snapshotId, { snapshotId });

  tracker.enter('marking');
  await markChunks(engine, tracker, { snapshotId, from: marks.chunks, until: chunkCount, onLongHistory });

  tracker.enter('recording');
  return engine.call('recordSnapshot', `asset ${registered.snapshotAssetId}`, { snapshotId });
}
