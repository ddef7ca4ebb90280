import type { HashState, Position } from '../contract/activities';
import { boundsOf } from '../contract/window';
import { ChunkHasher } from '../evidence/chunkHasher';
import { loadDigest } from '../evidence/logDigest';
import { listedPosition, positionOfScanned } from '../evidence/recordOrder';
import type { RecordScanner } from '../evidence/recordScanner';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import { mergeRanges, parseRange, serializeRange } from '../tlog/merkle';
import { FindingCollector } from './findingCollector';
import type { ReadChunk } from './storedChunk';

/** Records between two turns of the event loop, so that heartbeats and other activities are not delayed. */
const RECORDS_PER_TURN = 8_192;

/** What hashing a chunk gives: the members of its row, and the state for the next chunk. */
export interface HashedChunk {
  readonly begin: number;
  /** Positions of the first and the last record, as the manifest lists them; undefined for a chunk without records. */
  readonly first: Position | undefined;
  readonly last: Position | undefined;
  readonly nodes: ChunkRow['nodes'];
  readonly findings: FindingCollector;
  readonly lateCount: number;
  readonly next: HashState;
}

/**
 * Hashes the records of a chunk after the state `before`: each becomes a Merkle leaf and adds its own hash to the running
 * digest, and is checked against that hash. `onTurn` gets the number of hashed records every few thousand and may yield;
 * `onRecord` gets each record, which is valid only until it returns.
 */
export async function hashChunk(
  { hashScheme, overlaps }: Pick<SnapshotRow, 'hashScheme' | 'overlaps'>,
  chunk: Pick<ReadChunk, 'visit'>,
  before: HashState,
  onTurn: (hashed: number) => Promise<void>,
  onRecord?: (record: RecordScanner) => void,
): Promise<HashedChunk> {
  const whole = parseRange(before.range);
  const begin = whole.end;
  const digest = await loadDigest(before.digestState);
  const hasher = new ChunkHasher(hashScheme, (texts) => digest.update(texts));
  const findings = new FindingCollector(before.findingCount);
  const sealedBefore = overlaps.map((window) => boundsOf(window));
  let first: Position | undefined;
  let last: RecordScanner | undefined;
  let lateCount = 0;
  let reported = 0;

  await chunk.visit(
    (record) => {
      first ??= listedPosition(positionOfScanned(record));
      // It still holds the last record when all have been visited.
      last = record;
      const index = begin + hasher.count;
      const kind = hasher.add(record);
      if (kind !== undefined) findings.add(kind, index, record.idText());
      // Late: an earlier snapshot had sealed this part of the log before the record was there.
      const { timeMs } = record;
      if (sealedBefore.some(({ fromMs, untilMs }) => fromMs <= timeMs && timeMs < untilMs)) lateCount++;
      onRecord?.(record);
    },
    async () => {
      if (hasher.count - reported < RECORDS_PER_TURN) return;
      reported = hasher.count;
      await onTurn(reported);
    },
  );

  const own = hasher.finish(begin);
  const next = {
    range: serializeRange(mergeRanges(whole, own)),
    digestState: digest.save(),
    findingCount: before.findingCount + findings.total,
  };
  return {
    begin,
    first,
    last: last && listedPosition(positionOfScanned(last)),
    nodes: serializeRange(own).hashes,
    findings,
    lateCount,
    next,
  };
}
