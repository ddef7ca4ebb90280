import { malformed } from '../errors';
import { sha256Hex } from '../tlog/sha256';
import { BSON_OBJECT_ID, type BsonValue } from './bsonElements';

/** Characters of the longest id that evidence spells out. */
const MAX_ID_CHARS = 256;
const OBJECT_ID = /^[0-9a-f]{24}$/;
const OTHER_ID = /^bson:(?!07:)[0-9a-f]{2}:([0-9a-f]{2})*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The id of a record as evidence lists it: a long one is replaced by `sha256:` and the hex SHA-256 of its text. */
export function listedId(id: string): string {
  return id.length > MAX_ID_CHARS ? `sha256:${sha256Hex(Buffer.from(id, 'latin1'))}` : id;
}

/** True for a listed id in its one spelling. */
export function isListedId(text: string): boolean {
  return DIGEST.test(text) || (text.length <= MAX_ID_CHARS && (OBJECT_ID.test(text) || OTHER_ID.test(text)));
}

/** True for a listed id that is a digest, from which the id itself cannot be read. */
export function isIdDigest(listed: string): boolean {
  return DIGEST.test(listed);
}

/** The BSON value of an id as a record has it, of any length. EVIDENCE_MALFORMED for a record without an id. */
export function idValueOf(id: string): BsonValue {
  if (OBJECT_ID.test(id)) return { type: BSON_OBJECT_ID, value: Buffer.from(id, 'hex') };
  if (!id.startsWith('bson:')) throw malformed('a record has no id');
  return { type: Number.parseInt(id.slice(5, 7), 16), value: Buffer.from(id.slice(8), 'hex') };
}
