import { messageOf } from '../errors';
import { splitRecords } from '../evidence/bsonStream';
import { unpackChunk } from '../evidence/chunk';
import { MAX_CHUNK_BYTES, MAX_LISTED_FINDINGS } from '../evidence/limits';
import type { LogDigest } from '../evidence/logDigest';
import type { Manifest } from '../evidence/manifest';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import { findingOf } from '../evidence/recordFinding';
import { leafHash, rangeOfLeaves, serializeRange } from '../tlog/merkle';
import { sha256Hex } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';
import type { ReportBuilder } from './report';

type Chunk = Manifest['chunks'][number];

/** What accumulates from chunk to chunk. */
export interface ChunkTally {
  readonly digest: LogDigest;
  /** False once a chunk was not read: totals over all records cannot be compared then. */
  isComplete: boolean;
  readonly findings: Manifest['findings'];
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
 * they are unpacked nevertheless, within the limits, to name the records that were altered.
 */
export async function verifyChunk(
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: ChunkTally,
): Promise<void> {
  const { key, versionId, sha256 } = chunk;
  const stored = await reader.read(key, versionId, MAX_CHUNK_BYTES);
  if (!stored) {
    tally.isComplete = false;
    return report.missing('stored bytes', key, sha256);
  }
  report.check('stored bytes', key, sha256, sha256Hex(stored));
  try {
    verifyContent(report, manifest, chunk, tally, await unpackChunk(stored));
  } catch (error) {
    tally.isComplete = false;
    report.invalid('chunks', key, 'BSON records in gzip', messageOf(error));
  }
}

function verifyContent(
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: ChunkTally,
  content: Buffer,
): void {
  const known = new Map(manifest.findings.records.map(({ index, kind }) => [index, kind]));
  const leaves: Buffer[] = [];
  let first = '';
  let last = '';
  for (const document of splitRecords(content)) {
    const record = placeRecord(manifest, chunk, leaves.length, document);
    if (leaves.length === 0) first = record.id;
    last = record.id;
    leaves.push(leafHash(document));
    verifyRecordBytes(report, record);
    verifyRecordHash(report, manifest, tally, known, record);
    if (record.view.hashText !== undefined) tally.digest.update(record.view.hashText);
  }

  const { key, nodes, begin } = chunk;
  const expected = describeRecords(chunk.count, chunk.first.id, chunk.last.id);
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

function describeRecords(count: number, first: string, last: string): string {
  return `${count} records from ${first} to ${last}`;
}

/** A sealed record is record bytes already: it has no members that sealing adds. */
function verifyRecordBytes(report: ReportBuilder, { document, view, name }: ChunkRecord): void {
  if (!view.bytes.equals(document)) report.invalid('chunks', name, 'record bytes', 'sealing members');
}

/** A record matches its own hash, or the manifest lists it as a finding of the same kind. */
function verifyRecordHash(
  report: ReportBuilder,
  manifest: Manifest,
  { findings }: ChunkTally,
  known: ReadonlyMap<number, string>,
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
