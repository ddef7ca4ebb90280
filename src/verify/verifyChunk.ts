import { messageOf } from '../errors';
import { splitRecords } from '../evidence/bsonStream';
import { MAX_UNPACKED_BYTES, unpackChunk } from '../evidence/chunk';
import type { LogDigest } from '../evidence/logDigest';
import { MAX_LISTED_FINDINGS, type Manifest } from '../evidence/manifest';
import { RangeBuilder, emptyRange, leafHash, serializeRange } from '../tlog/merkle';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { findFault } from '../evidence/recordFinding';
import { sha256Hex } from '../tlog/sha256';
import type { ReportBuilder } from './report';
import type { EvidenceReader } from './evidenceReader';

type Chunk = Manifest['chunks'][number];

/** What is carried from chunk to chunk. */
export interface ChunkTally {
  readonly digest: LogDigest;
  /** False once a chunk could not be read: totals over all records mean nothing then. */
  complete: boolean;
  readonly findings: Manifest['findings'];
}

/**
 * Verifies one chunk. Its stored bytes are hashed before they are unpacked. When they are not what was signed, unpacking
 * goes on, within limits, only to name the records that were altered.
 */
export async function verifyChunk(
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: ChunkTally,
): Promise<void> {
  const { key, versionId } = chunk;
  const stored = await reader.read(key, versionId, MAX_UNPACKED_BYTES);
  if (!stored) {
    tally.complete = false;
    report.fail({
      layer: 'stored bytes',
      kind: 'missing',
      object: key,
      expected: chunk.sha256,
      found: 'nothing',
    });
    return;
  }
  report.check('stored bytes', key, chunk.sha256, sha256Hex(stored));
  try {
    verifyContent(report, manifest, chunk, tally, await unpackChunk(stored));
  } catch (error) {
    tally.complete = false;
    report.fail({
      layer: 'chunks',
      kind: 'invalid',
      object: key,
      expected: 'BSON records in gzip',
      found: messageOf(error),
    });
  }
}

function verifyContent(
  report: ReportBuilder,
  manifest: Manifest,
  chunk: Chunk,
  tally: ChunkTally,
  content: Buffer,
): void {
  const { key, begin } = chunk;
  const range = new RangeBuilder(emptyRange(begin));
  const known = new Map(manifest.findings.records.map((finding) => [finding.index, finding.kind]));
  let place = 0;
  let first: RecordView | undefined;
  let last: RecordView | undefined;
  for (const document of splitRecords(content)) {
    const record = readRecord(document);
    first ??= record;
    last = record;
    range.appendLeaf(leafHash(document));
    if (!record.bytes.equals(document)) {
      const object = nameOf(record, key, place);
      report.fail({
        layer: 'chunks',
        kind: 'invalid',
        object,
        expected: 'record bytes',
        found: 'sealing members',
      });
    }
    if (record.hashText !== undefined) tally.digest.update(record.hashText);
    checkHash(report, manifest, tally, known, {
      record,
      index: begin + place,
      object: nameOf(record, key, place),
    });
    place++;
  }
  const expected = `${chunk.count} records from ${chunk.first.id} to ${chunk.last.id}`;
  report.check('chunks', key, expected, `${place} records from ${first?.id ?? ''} to ${last?.id ?? ''}`);
  report.check('roots', key, chunk.nodes.join(' '), serializeRange(range.range()).hashes.join(' '));
}

function nameOf({ id }: RecordView, key: string, place: number): string {
  return `record ${id} [chunk=${key}, index=${place}]`;
}

function checkHash(
  report: ReportBuilder,
  manifest: Manifest,
  { findings }: ChunkTally,
  known: ReadonlyMap<number, string>,
  { record, index, object }: { readonly record: RecordView; readonly index: number; readonly object: string },
): void {
  const kind = findFault(record, manifest.logHashScheme);
  if (kind !== undefined) {
    findings.counts[kind]++;
    if (findings.records.length < MAX_LISTED_FINDINGS) findings.records.push({ kind, index, id: record.id });
  }
  // Beyond the listed findings only the counts can be compared, at the end.
  const unlisted = known.size >= MAX_LISTED_FINDINGS && !known.has(index);
  const expected = known.get(index) ?? 'hash fits';
  const found = kind ?? 'hash fits';
  if (unlisted || expected === found) report.pass('record hashes');
  else report.fail({ layer: 'record hashes', kind: 'invalid', object, expected, found });
}
