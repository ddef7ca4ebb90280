import type { AuditSnapshotResult, OnTamper } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import type { WorkflowEngine } from './workflowEngine';
import { markChunks } from './markChunks';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import { sealRecords } from './sealRecords';

export interface SealInput {
  readonly jobId: string;
  readonly window: Window;
  readonly onTamper: OnTamper;
  /** When this attempt ends, in milliseconds on the clock of the engine. */
  readonly deadlineMs: number;
  readonly onLongHistory: () => Promise<never>;
}

/**
 * One attempt, from whatever is durable to the closed snapshot. Up to the manifest a cancel stops it; once signing
 * begins it is shielded, because a signed snapshot whose records are not marked would let them be sealed twice.
 */
export async function sealSnapshot(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: SealInput,
): Promise<AuditSnapshotResult> {
  const { jobId, window, onTamper, onLongHistory } = input;
  const opened = await engine.call('openSnapshot', `${window.from} → ${window.to}`, {
    jobId,
    window,
    onTamper,
  });
  if (opened.state === 'closed') return opened.result;
  const { snapshotId, checkpoint, marks } = opened;
  tracker.opened(opened);

  let chunks = checkpoint.nextIndex;
  if (!checkpoint.complete) {
    tracker.enter('sealing');
    chunks = await sealRecords(engine, tracker, snapshotId, checkpoint, onLongHistory);
  }
  tracker.enter('manifest');
  const manifest = await engine.call('sealManifest', `${chunks} chunks`, { snapshotId, chunkCount: chunks });
  tracker.settled(manifest.recordCount);

  // The last moment to turn back.
  engine.throwIfCancelled();
  return engine.shielded(() =>
    // Shielded from a cancel, not from time: an attempt still ends when its policy says so.
    engine.withDeadline(input.deadlineMs - engine.nowMs(), async () => {
      tracker.enter('signing');
      await engine.call('signManifest', `manifest ${manifest.manifestSha256.slice(0, 16)}…`, { snapshotId });
      tracker.enter('registering');
      const records = `${manifest.recordCount} records`;
      const { snapshotAssetId } = await engine.call('registerAsset', records, { snapshotId });
      tracker.enter('appending');
      await engine.call('appendToLedger', snapshotId, { snapshotId });
      tracker.enter('marking');
      await markChunks(engine, tracker, {
        snapshotId,
        from: marks.chunks,
        until: manifest.chunkCount,
        onLongHistory,
      });
      tracker.enter('recording');
      return engine.call('recordSnapshot', `asset ${snapshotAssetId}`, { snapshotId });
    }),
  );
}
