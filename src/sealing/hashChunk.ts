import type { HashState, Position } from '../contract/activities';
import { contains } from '../contract/window';
import { loadDigest } from '../evidence/logDigest';
import { listedPosition } from '../evidence/recordOrder';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import { RangeBuilder, emptyRange, leafHash, mergeRanges, parseRange, serializeRange } from '../tlog/merkle';
import { FindingCollector } from './findingCollector';
import type { PositionedRecord } from './storedChunk';

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
 * digest, and is checked against that hash. `onTurn` gets the number of hashed records every few thousand and may yield.
 */
export async function hashChunk(
  { hashScheme, source, overlaps }: Pick<SnapshotRow, 'hashScheme' | 'source' | 'overlaps'>,
  records: AsyncIterable<PositionedRecord>,
  before: HashState,
  onTurn: (hashed: number) => Promise<void>,
): Promise<HashedChunk> {
  const whole = parseRange(before.range);
  const begin = whole.end;
  const range = new RangeBuilder(emptyRange(begin));
  const digest = await loadDigest(before.digestState);
  const findings = new FindingCollector(hashScheme, source.members, before.findingCount);
  let first: Position | undefined;
  let last: Position | undefined;
  let lateCount = 0;
  let hashed = 0;

  for await (const record of records) {
    const { position, bytes, hashText } = record;
    first ??= listedPosition(position);
    last = position;
    range.appendLeaf(leafHash(bytes));
    findings.check(begin + hashed, record);
    if (hashText !== undefined) digest.update(hashText);
    // Late: an earlier snapshot had sealed this part of the log before the record was there.
    if (overlaps.some((window) => contains(window, position.timestamp))) lateCount++;
    if (++hashed % RECORDS_PER_TURN === 0) await onTurn(hashed);
  }

  const own = range.range();
  const next = {
    range: serializeRange(mergeRanges(whole, own)),
    digestState: digest.save(),
    findingCount: before.findingCount + findings.total,
  };
  return {
    begin,
    first,
    last: last && listedPosition(last),
    nodes: serializeRange(own).hashes,
    findings,
    lateCount,
    next,
  };
}
