import { SnapshotError } from '../errors';
import { splitBlocks } from '../evidence/bsonStream';
import { unpackBlocks } from '../evidence/chunk';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import { readRecord } from '../evidence/recordBytes';
import type { ObjectStore } from '../ports/objectStore';
import { sha256Hex } from '../tlog/sha256';
import type { SealedRecord } from './drift';

/** The manifest that the ledger names; undefined when it is missing or has other bytes. */
export async function readSealedManifest(
  store: ObjectStore,
  { snapshotId, manifestSha256 }: LedgerEntry,
): Promise<Manifest | undefined> {
  const stored = await store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES);
  if (!stored || sha256Hex(stored.body) !== manifestSha256) return undefined;
  return orUndefined(() => Promise.resolve(parseManifest(stored.body)));
}

/**
 * The records of a chunk, without their bytes. The digest is compared before anything is unpacked, and nothing is read
 * beyond the number of records that the manifest gives. Undefined when the chunk is missing or differs.
 */
export async function readSealedChunk(
  store: ObjectStore,
  { chunks, source }: Manifest,
  chunkIndex: number,
): Promise<readonly SealedRecord[] | undefined> {
  const chunk = chunks[chunkIndex]!;
  const stored = await store.get(chunk.key, MAX_CHUNK_BYTES, chunk.versionId);
  if (!stored || stored.body.length !== chunk.bytes || sha256Hex(stored.body) !== chunk.sha256)
    return undefined;
  return orUndefined(async () => {
    const records: SealedRecord[] = [];
    for await (const bytes of splitBlocks(unpackBlocks(stored.body))) {
      if (records.length === chunk.count) return undefined;
      const { id, timestamps } = readRecord(bytes, source.members);
      const index = chunk.begin + records.length;
      records.push({ id, digest: sha256Hex(bytes), timestamps, chunk: chunkIndex, index });
    }
    return records.length === chunk.count ? records : undefined;
  });
}

/** Signed bytes that cannot be read are a difference of the evidence, not a failure of the comparison. */
async function orUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'EVIDENCE_MALFORMED') return undefined;
    throw error;
  }
}
