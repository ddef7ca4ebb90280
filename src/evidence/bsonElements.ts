import { malformed } from '../errors';

/** One top-level element of a BSON document, as offsets: `[start, end)` is all of it, `[valueStart, end)` its value. */
export interface BsonElement {
  readonly type: number;
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** A value of BSON: its type byte and its bytes. */
export interface BsonValue {
  readonly type: number;
  readonly value: Buffer;
}

/** The type bytes that mean something in a record (bsonspec.org). */
export const BSON_STRING = 0x02;
export const BSON_OBJECT_ID = 0x07;
export const BSON_BOOLEAN = 0x08;
export const BSON_DATE = 0x09;

/** Sizes of values, by type byte (bsonspec.org): fixed ones, or what the value itself says. */
const SIZE_SAID = -1;
const NO_TYPE = -2;
const SIZES = Int8Array.from({ length: 256 }, () => NO_TYPE);
for (const [type, size] of [
  [0x01, 8], // double
  [0x06, 0], // undefined, deprecated
  [BSON_OBJECT_ID, 12],
  [BSON_BOOLEAN, 1],
  [BSON_DATE, 8],
  [0x0a, 0], // null
  [0x10, 4], // int32
  [0x11, 8], // timestamp
  [0x12, 8], // int64
  [0x13, 16], // decimal128
  [0xff, 0], // min key
  [0x7f, 0], // max key
] as const)
  SIZES[type] = size;
for (const type of [BSON_STRING, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]) SIZES[type] = SIZE_SAID;

/**
 * Walks the top-level elements without decoding their values; nested documents are skipped by their length. Text is not
 * decoded, so invalid UTF-8 passes as it is. EVIDENCE_MALFORMED when lengths or types do not fit the bytes.
 */
export function* bsonElements(document: Buffer): Generator<BsonElement> {
  checkDocument(document, 0, document.length);
  const last = document.length - 1;
  let at = 4;
  while (at < last) {
    const start = at;
    const type = document[at]!;
    const nameEnd = endOfName(document, at + 1, last);
    // latin1 maps every byte to itself, so a name in invalid UTF-8 cannot be mistaken for another one.
    const name = document.toString('latin1', at + 1, nameEnd);
    at = endOfValue(document, type, nameEnd + 1, last);
    yield { type, name, start, valueStart: nameEnd + 1, end: at };
  }
}

/** EVIDENCE_MALFORMED unless `bytes[start, end)` is as long as it says and has a terminator. */
export function checkDocument(bytes: Buffer, start: number, end: number): void {
  const size = end - start;
  if (size < 5 || bytes.readInt32LE(start) !== size || bytes[end - 1] !== 0)
    throw malformed('BSON document: length or terminator does not match its bytes');
}

/** The offset of the zero byte after a name that starts at `at`; `last` is the terminator of its document. */
export function endOfName(bytes: Buffer, at: number, last: number): number {
  // A loop is faster than a search for the few bytes of a name; the terminator of the document ends it.
  let end = at;
  while (bytes[end] !== 0) end++;
  if (end >= last) throw malformed('BSON document: an element name exceeds the document');
  return end;
}

/** Where the value that starts at `at` ends; `last` is the terminator of its document. EVIDENCE_MALFORMED. */
export function endOfValue(bytes: Buffer, type: number, at: number, last: number): number {
  const size = SIZES[type]!;
  const end = at + (size >= 0 ? size : saidSize(bytes, type, at, last));
  if (end > last) throw malformed('BSON document: an element exceeds the document');
  return end;
}

function saidSize(bytes: Buffer, type: number, at: number, last: number): number {
  switch (type) {
    case BSON_STRING:
    case 0x0d: // code
    case 0x0e: // symbol
      return 4 + lengthAt(bytes, at, last, 1);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // code with scope
      return lengthAt(bytes, at, last, 5);
    case 0x05: // binary: length, subtype, bytes
      return 5 + lengthAt(bytes, at, last, 0);
    case 0x0c: // DBPointer: string, ObjectId
      return 4 + lengthAt(bytes, at, last, 1) + 12;
    case 0x0b:
      return expressionSize(bytes, at, last);
    default:
      throw malformed(`BSON document: unknown element type 0x${type.toString(16)}`);
  }
}

/** Pattern and options, each with a zero byte at its end. The terminator of the document ends both searches. */
function expressionSize(bytes: Buffer, at: number, last: number): number {
  let end = at;
  while (bytes[end] !== 0) end++;
  if (end === last) throw malformed('BSON document: a regular expression has no end');
  end++;
  while (bytes[end] !== 0) end++;
  return end + 1 - at;
}

function lengthAt(bytes: Buffer, at: number, last: number, min: number): number {
  const length = at + 4 <= last ? bytes.readInt32LE(at) : -1;
  if (length < min || length > last - at)
    throw malformed('BSON document: the length of a value exceeds the document');
  return length;
}
