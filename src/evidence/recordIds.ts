import { sha256Hex } from '../tlog/sha256';

/** Characters of the longest id that evidence spells out. */
const MAX_ID_CHARS = 256;
const SPELLED_OUT = /^([0-9a-f]{24}|bson:(?!07:)[0-9a-f]{2}:([0-9a-f]{2})*)$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The id of a record as evidence lists it: a long one is replaced by `sha256:` and the hex SHA-256 of its text. */
export function listedId(id: string): string {
  return id.length > MAX_ID_CHARS ? `sha256:${sha256Hex(Buffer.from(id, 'latin1'))}` : id;
}

/** True for a listed id in its one spelling. */
export function isListedId(text: string): boolean {
  return DIGEST.test(text) || (text.length <= MAX_ID_CHARS && SPELLED_OUT.test(text));
}
