import type { HashBatchInput, HashState } from '../src/contract/activities';
import { loadDigest } from '../src/evidence/logDigest';
import {
  RangeBuilder,
  emptyRange,
  leafHash,
  mergeRanges,
  parseRange,
  serializeRange,
} from '../src/tlog/merkle';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';
import { FindingLog } from '../src/sealing/findingLog';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { lateArrival } from '../src/sealing/lateArrival';
import { findOpened } from '../src/sealing/snapshotRows';
import { readStoredChunk, type PlacedRecord } from '../src/sealing/storedChunk';

/** Records between two looks at the event loop, so that heartbeats and other activities go on. */
const RECORDS_PER_TURN = 8_192;

/**
 * Hashes a chunk as storage returns it: checks each record's own hash, grows the Merkle range and the running digest,
 * and makes the checkpoint behind the chunk durable. With the policy `fail`, tampering stops here: TAMPER_FOUND.
 */
export function hashBatch(deps: SealingDeps, input: HashBatchInput): Promise<HashState> {
  return withHeartbeat(async (signal, note) => {
    const { snapshotId, chunk, cursor, hash } = input;
    const row = await findOpened(deps, snapshotId);
    const { records } = await readStoredChunk(deps.store, chunk.key, row.window, chunk);
    const before = parseRange(hash.range);
    const begin = before.end;
    const range = new RangeBuilder(emptyRange(begin));
    const digest = await loadDigest(hash.digestState);
    const findings = new FindingLog(row.hashScheme);
    const isLate = lateArrival(row.overlaps);
    let lateCount = 0;
    let first: PlacedRecord | undefined;
    let last: PlacedRecord | undefined;
    let offset = 0;
    for await (const record of records) {
      first ??= record;
      last = record;
      range.appendLeaf(leafHash(record.bytes));
      findings.check(begin + offset, record);
      if (record.hashText !== undefined) digest.update(record.hashText);
      if (isLate(record.position.timestamp)) lateCount++;
      if (++offset % RECORDS_PER_TURN === 0) {
        note({ index: chunk.index, hashed: offset });
        await new Promise(setImmediate);
        signal.throwIfAborted();
      }
    }
    const tampered = findings.firstTampered;
    if (row.onTamper === 'fail' && tampered) {
      const message = `record ${tampered.id} (index ${tampered.index}) no longer matches its own hash: ${tampered.kind}`;
      throw new SnapshotError('TAMPER_FOUND', message);
    }
    const own = range.range();
    const next: HashState = {
      range: serializeRange(mergeRanges(before, own)),
      digestState: digest.save(),
      findingCount: hash.findingCount + findings.total,
    };
    if (!first || !last)
      throw new SnapshotError('SNAPSHOT_CONFLICT', `chunk without records [key=${chunk.key}]`);
    await deps.snapshots.addChunk({
      snapshotId,
      chunk,
      begin,
      first: first.position,
      last: last.position,
      nodes: serializeRange(own).hashes,
      findingCounts: findings.counts,
      findings: findings.listed,
      lateCount,
      checkpoint: { nextIndex: chunk.index + 1, cursor, hash: next, complete: false },
    });
    return next;
  });
}
