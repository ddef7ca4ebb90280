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

/** Sizes of values of fixed size, by type byte (bsonspec.org). */
const FIXED_SIZES: ReadonlyMap<number, number> = new Map([
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
]);

/**
 * Walks the top-level elements without decoding their values; nested documents are skipped by their length. Text is not
 * decoded, so invalid UTF-8 passes as it is. EVIDENCE_MALFORMED when lengths or types do not fit the bytes.
 */
export function* bsonElements(document: Buffer): Generator<BsonElement> {
  const size = document.length;
  if (size < 5 || document.readInt32LE(0) !== size || document[size - 1] !== 0) {
    throw malformed('BSON document: length or terminator does not match its bytes');
  }
  const last = size - 1;
  let at = 4;
  while (at < last) {
    const start = at;
    const type = document[at]!;
    const nameEnd = document.indexOf(0, at + 1);
    if (nameEnd >= last) throw malformed('BSON document: an element name exceeds the document');
    // latin1 maps every byte to itself, so a name in invalid UTF-8 cannot be mistaken for another one.
    const name = document.toString('latin1', at + 1, nameEnd);
    const valueStart = nameEnd + 1;
    const end = valueStart + valueSize(document, type, valueStart, last);
    if (end > last) throw malformed('BSON document: an element exceeds the document');
    yield { type, name, start, valueStart, end };
    at = end;
  }
}

function valueSize(document: Buffer, type: number, at: number, last: number): number {
  const fixed = FIXED_SIZES.get(type);
  if (fixed !== undefined) return fixed;
  switch (type) {
    case BSON_STRING:
    case 0x0d: // code
    case 0x0e: // symbol
      return 4 + lengthAt(document, at, last, 1);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // code with scope
      return lengthAt(document, at, last, 5);
    case 0x05: // binary: length, subtype, bytes
      return 5 + lengthAt(document, at, last, 0);
    case 0x0c: // DBPointer: string, ObjectId
      return 4 + lengthAt(document, at, last, 1) + 12;
    case 0x0b: {
      // The terminator of the document ends both searches; an end beyond it is refused by the caller.
      const options = document.indexOf(0, document.indexOf(0, at) + 1);
      if (options < 0) throw malformed('BSON document: a regular expression has no end');
      return options + 1 - at;
    }
    default:
      throw malformed(`BSON document: unknown element type 0x${type.toString(16)}`);
  }
}

function lengthAt(document: Buffer, at: number, last: number, min: number): number {
  const length = at + 4 <= last ? document.readInt32LE(at) : -1;
  if (length < min || length > last - at)
    throw malformed('BSON document: the length of a value exceeds the document');
  return length;
}
