import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../errors';
import type { EvidenceReader } from '../verify/evidenceReader';
import { MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest } from '../evidence/manifest';
import {
  LEDGER_CHECKPOINT_KEY,
  ledgerTileKey,
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import type { Ledger } from '../verify/verifyLedger';
import { levelsOf, tilesOfLevel } from '../tlog/tiles';

/** Copies every object of a snapshot to `directory`, in the bucket's own layout. STORAGE_NOT_FOUND names what is gone. */
export async function exportSnapshot(
  reader: EvidenceReader,
  snapshotId: string,
  directory: string,
): Promise<void> {
  const manifest = await copy(reader, directory, manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  for (const { key, versionId } of parseManifest(manifest).chunks)
    await copy(reader, directory, key, versionId);
  await copy(reader, directory, manifestSignatureKey(snapshotId));
  await copy(reader, directory, snapshotCheckpointKey(snapshotId));
  const timestamp = await reader.read(manifestTimestampKey(snapshotId), undefined, MAX_CHUNK_BYTES);
  if (timestamp) await write(directory, manifestTimestampKey(snapshotId), timestamp);
}

/** Writes a ledger that was read: its tiles as of its size, then the checkpoint that was read with them. */
export async function exportLedger(reader: EvidenceReader, ledger: Ledger, directory: string): Promise<void> {
  for (const { index, width } of tilesOfLevel(ledger.size, 0))
    await copy(reader, directory, ledgerTileKey('entries', index, width));
  for (let level = 0; level < levelsOf(ledger.size); level++)
    for (const { index, width } of tilesOfLevel(ledger.size, level))
      await copy(reader, directory, ledgerTileKey(level, index, width));
  await write(directory, LEDGER_CHECKPOINT_KEY, ledger.checkpoint);
}

async function copy(
  reader: EvidenceReader,
  directory: string,
  key: string,
  versionId?: string,
  maxBytes = MAX_CHUNK_BYTES,
): Promise<Buffer> {
  const body = await reader.read(key, versionId, maxBytes);
  if (!body) throw new SnapshotError('STORAGE_NOT_FOUND', `object is gone from storage [key=${key}]`);
  await write(directory, key, body);
  return body;
}

/** A file is there as a whole or not at all, so an export that was interrupted is repeated. */
async function write(directory: string, key: string, body: Buffer): Promise<void> {
  const path = join(directory, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, body);
  await rename(`${path}.part`, path);
}
