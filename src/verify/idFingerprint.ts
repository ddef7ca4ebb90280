import { randomBytes } from 'node:crypto';
import { BSON_OBJECT_ID } from '../evidence/bsonElements';
import type { RecordScanner } from '../evidence/recordScanner';
import { sha256 } from '../tlog/sha256';

const OBJECT_ID = /^[0-9a-f]{24}$/;

/** 32-bit words of a fingerprint: 96 bits of an id, an ObjectId itself, and of other ids the beginning of a salted SHA-256. */
export const FINGERPRINT_WORDS = 3;

/**
 * The salt of this process, which its threads are given. It is unknown to a writer of evidence, who could otherwise choose
 * ids with one digest.
 */
export const FINGERPRINT_SALT: Uint8Array = randomBytes(32);

/** The fingerprint of an id in its text form. */
export function fingerprintOf(id: string): readonly [number, number, number] {
  const bytes = OBJECT_ID.test(id) ? Buffer.from(id, 'hex') : saltedDigest(id, FINGERPRINT_SALT);
  return [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8)];
}

/** Writes the fingerprint of a record that was scanned in place; the record has an id. */
export function writeFingerprint(
  record: RecordScanner,
  salt: Uint8Array,
  words: Uint32Array,
  index: number,
): void {
  const isObjectId = record.idType === BSON_OBJECT_ID;
  const bytes = isObjectId ? record.bytes : saltedDigest(record.idText(), salt);
  const at = isObjectId ? record.idStart : 0;
  for (let word = 0; word < FINGERPRINT_WORDS; word++)
    words[index * FINGERPRINT_WORDS + word] = bytes.readUInt32BE(at + 4 * word);
}

function saltedDigest(id: string, salt: Uint8Array): Buffer {
  return sha256(salt, Buffer.from(id, 'latin1'));
}
