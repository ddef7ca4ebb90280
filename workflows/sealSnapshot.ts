import type { AuditSnapshotResult, OnTamper } from '../src/contract/snapshot';
import type { Window } from '../src/contract/window';
import type { Flow } from './flow';
import { markChunks } from './markChunks';
import type { ProgressBoard } from './progressBoard';
import { sealRecords } from './sealRecords';

export interface SealInput {
  readonly jobId: string;
  readonly window: Window;
  readonly onTamper: OnTamper;
  /** When this attempt ends, in milliseconds on the clock of the flow. */
  readonly deadlineMs: number;
  readonly onLongHistory: () => Promise<never>;
}

/**
 * One attempt, from whatever is durable to the closed snapshot. Up to the manifest a cancel stops it; once signing
 * begins it is shielded, because a signed snapshot whose records are not marked would let them be sealed twice.
 */
export async function sealSnapshot(
  flow: Flow,
  board: ProgressBoard,
  input: SealInput,
): Promise<AuditSnapshotResult> {
  const { jobId, window, onTamper, onLongHistory } = input;
  const opened = await flow.call('openSnapshot', `${window.from} → ${window.to}`, {
    jobId,
    window,
    onTamper,
  });
  if (opened.state === 'closed') return opened.result;
  const { snapshotId, checkpoint, marks } = opened;
  board.opened(opened);

  let chunks = checkpoint.nextIndex;
  if (!checkpoint.complete) {
    board.enter('sealing');
    chunks = await sealRecords(flow, board, snapshotId, checkpoint, onLongHistory);
  }
  board.enter('manifest');
  const manifest = await flow.call('sealManifest', `${chunks} chunks`, { snapshotId, chunkCount: chunks });
  board.settled(manifest.recordCount);

  // The last moment to turn back.
  flow.throwIfCancelled();
  return flow.shielded(() =>
    // Shielded from a cancel, not from time: an attempt still ends when its policy says so.
    flow.withDeadline(input.deadlineMs - flow.nowMs(), async () => {
      board.enter('signing');
      await flow.call('signManifest', `manifest ${manifest.manifestSha256.slice(0, 16)}…`, { snapshotId });
      board.enter('registering');
      const records = `${manifest.recordCount} records`;
      const { snapshotAssetId } = await flow.call('registerAsset', records, { snapshotId });
      board.enter('appending');
      await flow.call('appendToLedger', snapshotId, { snapshotId });
      board.enter('marking');
      await markChunks(flow, board, {
        snapshotId,
        from: marks.chunks,
        until: manifest.chunkCount,
        onLongHistory,
      });
      board.enter('recording');
      return flow.call('recordSnapshot', `asset ${snapshotAssetId}`, { snapshotId });
    }),
  );
}
