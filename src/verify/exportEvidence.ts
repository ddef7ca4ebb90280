import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest } from '../evidence/manifest';
import {
  LEDGER_CHECKPOINT_KEY,
  manifestKey,
  objectsOfLedger,
  objectsOfSnapshot,
} from '../evidence/objectKeys';
import type { EvidenceReader } from './evidenceReader';
import type { Ledger } from './verifyLedger';

/** Copies every object of a snapshot to `directory`, in the layout of the bucket. STORAGE_NOT_FOUND names a missing one. */
export async function exportSnapshot(
  reader: EvidenceReader,
  snapshotId: string,
  directory: string,
): Promise<void> {
  const body = await read(reader, manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  for (const { kind, key, versionId, maxBytes } of objectsOfSnapshot(
    snapshotId,
    parseManifest(body).chunks,
  )) {
    if (kind === 'manifest') await write(directory, key, body);
    else if (kind !== 'timestamp') await write(directory, key, await read(reader, key, versionId, maxBytes));
    else {
      const timestamp = await reader.read(key, versionId, maxBytes);
      if (timestamp) await write(directory, key, timestamp);
    }
  }
}

/** Writes a ledger: its tiles as of its size, then the checkpoint that was read with them. STORAGE_NOT_FOUND. */
export async function exportLedger(reader: EvidenceReader, ledger: Ledger, directory: string): Promise<void> {
  for (const { key, maxBytes } of objectsOfLedger(ledger.size))
    if (key !== LEDGER_CHECKPOINT_KEY)
      await write(directory, key, await read(reader, key, undefined, maxBytes));
  await write(directory, LEDGER_CHECKPOINT_KEY, ledger.checkpoint);
}

async function read(
  reader: EvidenceReader,
  key: string,
  versionId: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const body = await reader.read(key, versionId, maxBytes);
  if (body) return body;
  throw new SnapshotError('STORAGE_NOT_FOUND', `object is missing in storage [key=${key}]`);
}

/** A file is complete or absent, so an export that was interrupted can be repeated. */
async function write(directory: string, key: string, body: Buffer): Promise<void> {
  const path = join(directory, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, body);
  await rename(`${path}.part`, path);
}
