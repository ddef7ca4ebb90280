import type { Position } from '../contract/activities';
import { formatInstant, type Bounds } from '../contract/window';
import { messageOf } from '../errors';
import { splitBlocks, splitRecords } from '../evidence/bsonStream';
import { unpackBlocks, unpackChunk } from '../evidence/chunk';
import { MAX_CHUNK_BYTES, MAX_LISTED_FINDINGS } from '../evidence/limits';
import type { LogDigest } from '../evidence/logDigest';
import type { Manifest } from '../evidence/manifest';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { findingOf, type FindingKind } from '../evidence/recordFinding';
import { listedId } from '../evidence/recordIds';
import { comparePositions, listedPosition, positionOf } from '../evidence/recordOrder';
import { leafHash, rangeOfLeaves, serializeRange } from '../tlog/merkle';
import { sha256Hex } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';
import type { IdSet } from './idSet';
import type { LateWindows } from './lateWindows';
import type { ReportBuilder } from './report';

type Chunk = Manifest['chunks'][number];

/** The ids of another snapshot whose window overlaps. */
export interface OverlappingIds {
  readonly snapshotId: string;
  readonly ids: IdSet;
}

/** What the records of a snapshot are compared with, and what accumulates from chunk to chunk. */
export interface RecordTally {
  readonly bounds: Bounds;
  /** The findings that the manifest lists, by index of the record. */
  readonly known: ReadonlyMap<number, FindingKind>;
  readonly late: LateWindows | undefined;
  readonly others: readonly OverlappingIds[];
  readonly digest: LogDigest;
  /** False once a chunk was not read: totals over all records cannot be compared then. */
  isComplete: boolean;
  readonly findings: Manifest['findings'];
  lateCount: number;
  readonly ids: IdSet;
  /** Of the record before; undefined at the start, and after a chunk that was not read. */
  previous: Position | undefined;
}

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
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: RecordTally,
): Promise<void> {
  const { key, versionId, sha256, bytes } = chunk;
  const stored = await reader.read(key, versionId, MAX_CHUNK_BYTES);
  if (!stored) {
    report.missing('stored bytes', key, sha256);
    return skipChunk(tally);
  }
  const digest = sha256Hex(stored);
  const isSigned = digest === sha256 && stored.length === bytes;
  if (digest !== sha256) report.invalid('stored bytes', key, sha256, digest);
  else report.check('stored bytes', key, `${bytes} bytes`, `${stored.length} bytes`);
  try {
    const records = isSigned ? splitRecords(await unpackChunk(stored)) : splitBlocks(unpackBlocks(stored));
    await verifyContent(report, manifest, chunk, tally, records);
  } catch (error) {
    report.invalid('chunks', key, 'BSON records in gzip', messageOf(error));
    skipChunk(tally);
  }
}

/** Totals cannot be compared any more, and the place of the next record is unknown. */
export function skipChunk(tally: RecordTally): void {
  tally.isComplete = false;
  tally.previous = undefined;
}

async function verifyContent(
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: RecordTally,
  records: Iterable<Buffer> | AsyncIterable<Buffer>,
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
    last = verifyPlace(report, manifest, tally, record);
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

function describeRecords(count: number, first: Position | undefined, last: Position | undefined): string {
  return `${count} records from ${describePosition(first)} to ${describePosition(last)}`;
}

function describePosition(position: Position | undefined): string {
  if (!position) return 'none in the window';
  const { timestamp, id } = listedPosition(position);
  return `${timestamp} ${id}`;
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
): Position | undefined {
  const { previous, bounds, ids, others, late } = tally;
  const position = view.id === '' ? undefined : positionOf(view, bounds);
  const fail = (expected: string, found: string) => report.invalid('records', name, expected, found);
  const other = others.find((candidate) => candidate.ids.has(view.id));
  const isNew = ids.add(view.id);
  if (view.id === '') fail('an id', 'none');
  else if (!position) fail(`a time in ${window.from} → ${window.to}`, describeTime(view));
  else if (previous && comparePositions(previous, position) >= 0)
    fail(`a record after ${describePosition(previous)}`, describePosition(position));
  else if (!isNew) fail('a record that is sealed once', 'another record of this snapshot with the same id');
  else if (other) fail('a record that is sealed once', `a record of ${other.snapshotId} with the same id`);
  else report.pass('records');
  if (!position) return undefined;
  tally.previous = position;
  if (late?.contains(Date.parse(position.timestamp)) === true) tally.lateCount++;
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
  { findings, known }: RecordTally,
  { view, id, index, name }: ChunkRecord,
): void {
  const kind = findingOf(view, manifest.logHashScheme, manifest.source.members);
  if (kind !== undefined) {
    findings.counts[kind]++;
    if (findings.records.length < MAX_LISTED_FINDINGS) findings.records.push({ kind, index, id });
  }
  // Beyond the findings that are listed only their counts can be compared, after the last chunk.
  const isUnlisted = known.size >= MAX_LISTED_FINDINGS && !known.has(index);
  const expected = known.get(index) ?? 'hash fits';
  const found = kind ?? 'hash fits';
  if (isUnlisted || expected === found) report.pass('record hashes');
  else report.invalid('record hashes', name, expected, found);
}
