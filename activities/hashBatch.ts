import type { HashBatchInput, HashState } from '../src/contract/activities';
import { SnapshotError } from '../src/errors';
import type { SnapshotRow } from '../src/ports/snapshotRepository';
import { listedCursor } from '../src/sealing/chunkCursor';
import type { SealingDeps } from '../src/sealing/deps';
import { hashChunk, type HashedChunk } from '../src/sealing/hashChunk';
import { findOpened } from '../src/sealing/snapshotRows';
import { readStoredChunk } from '../src/sealing/storedChunk';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * Hashes a chunk as storage returns it: checks each record's own hash, extends the Merkle range and the running digest,
 * and stores where sealing resumes after the chunk. With the policy `fail`, tampering stops here: TAMPER_FOUND.
 */
export function hashBatch(deps: SealingDeps, input: HashBatchInput): Promise<HashState> {
  return withHeartbeat(async (signal, reportProgress) => {
    const { snapshotId, chunk, cursor, hash } = input;
    const row = await findOpened(deps, snapshotId);
    const stored = await readStoredChunk(deps.store, chunk.key, row, chunk);

    const hashed = await hashChunk(row, stored, hash, async (count) => {
      reportProgress({ index: chunk.index, hashed: count });
      await new Promise(setImmediate);
      signal.throwIfAborted();
    });
    refuseTampered(row, hashed);
    const { begin, first, last, nodes, findings, lateCount, next } = hashed;
    if (!first || !last)
      throw new SnapshotError('SNAPSHOT_CONFLICT', `chunk without records [key=${chunk.key}]`);

    await deps.snapshots.addChunk({
      snapshotId,
      chunk,
      begin,
      first,
      last,
      nodes,
      findingCounts: findings.counts,
      findings: findings.listed,
      lateCount,
      checkpoint: { nextIndex: chunk.index + 1, cursor: listedCursor(cursor), hash: next, complete: false },
    });
    deps.metrics?.record({ kind: 'chunk', sizeBytes: chunk.sizeBytes, findings: findings.counts });
    return next;
  });
}

function refuseTampered({ snapshotId, onTamper }: SnapshotRow, { findings }: HashedChunk): void {
  const tampered = findings.firstTampered;
  if (onTamper !== 'fail' || !tampered) return;
  const message = `record ${tampered.id} (index ${tampered.index} of ${snapshotId}) does not match its own hash: ${tampered.kind}; nothing was signed, submit a job with onTamper "seal" to seal it as a finding`;
  throw new SnapshotError('TAMPER_FOUND', message);
}
