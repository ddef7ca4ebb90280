import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { splitRecords } from '../../evidence/bsonStream';
import { unpackChunk } from '../../evidence/chunk';
import { packChunk } from '../../evidence/chunkPacker';
import { parseManifest } from '../../evidence/manifest';
import { manifestKey, manifestSignatureKey, snapshotCheckpointKey } from '../../evidence/objectKeys';
import { readRecord } from '../../evidence/recordBytes';
import { SnapshotError } from '../../errors';
import type { ObjectStore } from '../../ports';

const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** Copies every object of a snapshot to `directory`, in the bucket's own layout. */
export async function copySnapshot(store: ObjectStore, snapshotId: string, directory: string): Promise<void> {
  const manifest = await copy(store, manifestKey(snapshotId), directory);
  for (const { key, versionId } of parseManifest(manifest).chunks)
    await copy(store, key, directory, versionId);
  await copy(store, manifestSignatureKey(snapshotId), directory);
  await copy(store, snapshotCheckpointKey(snapshotId), directory);
}

async function copy(store: ObjectStore, key: string, directory: string, versionId?: string): Promise<Buffer> {
  const stored = await store.get(key, MAX_OBJECT_BYTES, versionId);
  if (!stored) throw new SnapshotError('STORAGE_NOT_FOUND', `object is gone from storage [key=${key}]`);
  const path = join(directory, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, stored.body);
  return stored.body;
}

export interface Alteration {
  readonly id: string;
  readonly key: string;
  readonly index: number;
}

/**
 * Alters one record in a copied chunk the way a careful forger would: one letter of a text member, the length kept,
 * the chunk packed again. Returns the id of the record and its index in the chunk.
 */
export async function alterOneRecord(directory: string, key: string): Promise<Alteration> {
  const path = join(directory, key);
  const records = Array.from(splitRecords(await unpackChunk(await readFile(path))), (record) =>
    Buffer.from(record),
  );
  const index = Math.floor(records.length / 2);
  const record = records[index];
  const place = record?.indexOf('actorId\0') ?? -1;
  if (!record || place < 0)
    throw new SnapshotError('INTERNAL', `no record to alter [key=${key}, index=${index}]`);
  // Behind the name and its NUL comes the length (4 bytes), then the text: its first letter is changed.
  const letter = place + 'actorId\0'.length + 4;
  record[letter] = record[letter] === 0x78 ? 0x79 : 0x78;
  await writeFile(path, await packChunk(records));
  return { id: readRecord(record).id, key, index };
}
