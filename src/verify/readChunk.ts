import { SnapshotError, malformed } from '../errors';
import { splitRecords } from '../evidence/bsonStream';
import { unpackChunk } from '../evidence/chunk';
import { MAX_CHUNK_BYTES } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import { sha256Hex } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';

type Chunk = Manifest['chunks'][number];

/**
 * The records of a chunk. Its bytes are compared with the manifest before they are unpacked, and no more records are split
 * off than the manifest names. EVIDENCE_INCOMPLETE for a missing chunk, EVIDENCE_INVALID for another one, EVIDENCE_MALFORMED.
 */
export async function readChunk(
  reader: EvidenceReader,
  { key, versionId, sha256, bytes, count }: Chunk,
): Promise<readonly Buffer[]> {
  const stored = await reader.read(key, versionId, MAX_CHUNK_BYTES);
  if (!stored) throw new SnapshotError('EVIDENCE_INCOMPLETE', `a chunk is missing [key=${key}]`);
  if (stored.length !== bytes || sha256Hex(stored) !== sha256)
    throw new SnapshotError('EVIDENCE_INVALID', `not the bytes that the manifest names [key=${key}]`);
  const records: Buffer[] = [];
  for (const record of splitRecords(await unpackChunk(stored))) {
    if (records.length === count) throw malformed(`chunk: more than ${count} records [key=${key}]`);
    records.push(record);
  }
  return records;
}
