import type { Position } from '../contract/activities';
import { readAcknowledgement } from '../evidence/acknowledgement';
import { formatInstant } from '../contract/window';
import { messageOf } from '../errors';
import { splitBlocks, splitRecords } from '../evidence/bsonStream';
import { unpackBlocks, unpackChunk } from '../evidence/chunk';
import { MAX_LISTED_FINDINGS } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { findingOf } from '../evidence/recordFinding';
import { listedId } from '../evidence/recordIds';
import { comparePositions, positionOf } from '../evidence/recordOrder';
import { leafHash, rangeOfLeaves, serializeRange } from '../tlog/merkle';
import type { FetchedChunk } from './fetchChunk';
import { isInSpans } from './lateWindows';
import {
  addAcknowledgement,
  describePosition,
  describeRecords,
  skipChunk,
  type RecordTally,
} from './recordTally';
import type { ReportBuilder } from './report';
import { takeScanned } from './takeScanned';

type Chunk = Manifest['chunks'][number];

/** A record of a chunk, and its name in the report. */
interface ChunkRecord {
  readonly document: Buffer;
  readonly view: RecordView;
  /** As evidence lists it. */
  readonly id: string;
  /** In the snapshot. */
  readonly index: number;
  readonly name: string;
}

/**
 * Verifies one chunk. Its stored bytes are compared before they are unpacked; if they are not the ones that were signed,
 * they are unpacked nevertheless, record by record and up to the signed count, to name the records that were altered.
 */
export async function verifyChunk(
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: RecordTally,
  { stored, digest, scanned }: FetchedChunk,
): Promise<void> {
  const { key, sha256, bytes } = chunk;
  if (!stored) {
    report.missing('stored bytes', key, sha256);
    return skipChunk(tally);
  }
  const isSigned = digest === sha256 && stored.length === bytes;
  if (digest !== sha256) report.invalid('stored bytes', key, sha256, digest);
  else report.check('stored bytes', key, `${bytes} bytes`, `${stored.length} bytes`);
  const taken = isSigned && scanned ? takeScanned(report, manifest, chunk, tally, scanned) : 'not taken';
  if (taken === 'taken') return;
  const repeated = taken === 'not taken' ? undefined : taken;
  try {
    const records = isSigned ? splitRecords(await unpackChunk(stored)) : splitBlocks(unpackBlocks(stored));
    await verifyContent(report, manifest, chunk, tally, records, repeated);
  } catch (error) {
    report.invalid('chunks', key, 'BSON records in gzip', messageOf(error));
    skipChunk(tally);
  }
}

async function verifyContent(
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: RecordTally,
  records: Iterable<Buffer> | AsyncIterable<Buffer>,
  repeated: ReadonlySet<number> | undefined,
): Promise<void> {
  const leaves: Buffer[] = [];
  let first: Position | undefined;
  let last: Position | undefined;
  for await (const document of records) {
    if (leaves.length === chunk.count) {
      report.invalid('chunks', chunk.key, `${chunk.count} records`, 'more records');
      return skipChunk(tally);
    }
    const record = placeRecord(manifest, chunk, leaves.length, document);
    leaves.push(leafHash(document));
    verifyRecordBytes(report, record);
    const isNew = repeated ? !repeated.has(leaves.length - 1) : tally.ids.add(record.view.id);
    last = verifyPlace(report, manifest, tally, record, isNew);
    if (leaves.length === 1) first = last;
    verifyRecordHash(report, manifest, tally, record);
    if (record.view.hashText !== undefined) tally.digest.update(record.view.hashText);
  }

  const { key, nodes, begin } = chunk;
  const expected = describeRecords(chunk.count, chunk.first, chunk.last);
  report.check('chunks', key, expected, describeRecords(leaves.length, first, last));
  const { hashes } = serializeRange(rangeOfLeaves(leaves, begin));
  report.check('roots', key, nodes.join(' '), hashes.join(' '));
}

function placeRecord(
  { source }: Manifest,
  { key, begin }: Chunk,
  offset: number,
  document: Buffer,
): ChunkRecord {
  const view = readRecord(document, source.members);
  const id = listedId(view.id);
  const name = `record ${id} [chunk=${key}, index=${offset}]`;
  return { document, view, id, index: begin + offset, name };
}

/** A sealed record is record bytes already: it has no members that sealing adds. */
function verifyRecordBytes(report: ReportBuilder, { document, view, name }: ChunkRecord): void {
  if (!view.bytes.equals(document)) report.invalid('chunks', name, 'record bytes', 'sealing members');
}

/** A record lies in the window, after the record before it, and is sealed once. Returns its position. */
function verifyPlace(
  report: ReportBuilder,
  { window }: Manifest,
  tally: RecordTally,
  { view, name }: ChunkRecord,
  isNew: boolean,
): Position | undefined {
  const { previous, bounds, others, late } = tally;
  const position = view.id === '' ? undefined : positionOf(view, bounds);
  const fail = (expected: string, found: string) => report.invalid('records', name, expected, found);
  const other = others.find((candidate) => candidate.ids.has(view.id));
  if (view.id === '') fail('an id', 'none');
  else if (!position) fail(`a time in ${window.from} → ${window.to}`, describeTime(view));
  else if (previous && comparePositions(previous, position) >= 0)
    fail(`a record after ${describePosition(previous)}`, describePosition(position));
  else if (!isNew) fail('a record that is sealed once', 'another record of this snapshot with the same id');
  else if (other) fail('a record that is sealed once', `a record of ${other.snapshotId} with the same id`);
  else report.pass('records');
  if (!position) return undefined;
  tally.previous = position;
  if (late && isInSpans(late.spans, Date.parse(position.timestamp))) tally.lateCount++;
  return position;
}

function describeTime({ timeMs, timeMembers }: RecordView): string {
  if (timeMs !== undefined) return formatInstant(timeMs);
  return timeMembers === 0 ? 'no time' : 'a time that is not a date';
}

/** A record matches its own hash, or the manifest lists it as a finding of the same kind. */
function verifyRecordHash(
  report: ReportBuilder,
  manifest: Manifest,
  tally: RecordTally,
  { document, view, id, index, name }: ChunkRecord,
): void {
  const { findings, known } = tally;
  const kind = findingOf(view, manifest.logHashScheme, manifest.source.members);
  if (kind !== undefined) {
    findings.counts[kind]++;
    if (findings.records.length < MAX_LISTED_FINDINGS) findings.records.push({ kind, index, id });
  }
  // A record that does not match its own hash acknowledges nothing.
  const given = kind === undefined ? readAcknowledgement(document) : undefined;
  if (given) addAcknowledgement(tally, { ...given, acknowledgedBy: id, sealedIn: manifest.snapshotId });
  // Beyond the findings that are listed only their counts can be compared, after the last chunk.
  const isUnlisted = known.size >= MAX_LISTED_FINDINGS && !known.has(index);
  const expected = known.get(index) ?? 'hash fits';
  const found = kind ?? 'hash fits';
  if (isUnlisted || expected === found) report.pass('record hashes');
  else report.invalid('record hashes', name, expected, found);
}
