import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { packChunk } from '../../src/evidence/chunkPacker';
import { readRecord } from '../../src/evidence/recordBytes';
import { SnapshotError } from '../../src/errors';

/** Which record was altered: its id, the key of its chunk and its index there. */
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
  const member = record?.indexOf('actorId\0') ?? -1;
  if (!record || member < 0)
    throw new SnapshotError('INTERNAL', `no record to alter [key=${key}, index=${index}]`);
  // After the name and its NUL comes the length (4 bytes), then the text: its first letter is changed.
  const letter = member + 'actorId\0'.length + 4;
  record[letter] = record[letter] === 0x78 ? 0x79 : 0x78;
  await writeFile(path, await packChunk(records));
  return { id: readRecord(record).id, key, index };
}
