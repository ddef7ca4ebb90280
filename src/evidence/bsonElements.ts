import { malformed } from '../tlog/malformed';

/** One top-level element of a BSON document, as offsets into it: `[start, end)` with its type byte, `[valueStart, end)` its value. */
export interface BsonElement {
  readonly type: number;
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Sizes of the values whose size is fixed, by type byte (bsonspec.org). */
const FIXED_SIZES: ReadonlyMap<number, number> = new Map([
  [0x01, 8], // double
  [0x06, 0], // undefined, deprecated
  [0x07, 12], // ObjectId
  [0x08, 1], // boolean
  [0x09, 8], // date
  [0x0a, 0], // null
  [0x10, 4], // int32
  [0x11, 8], // timestamp
  [0x12, 8], // int64
  [0x13, 16], // decimal128
  [0xff, 0], // min key
  [0x7f, 0], // max key
]);

/**
 * Walks the top-level elements without decoding a value; nested documents are skipped by their length. Text is not
 * looked into, so invalid UTF-8 is as good as any. Broken framing: EVIDENCE_MALFORMED.
 */
export function* bsonElements(document: Buffer): Generator<BsonElement> {
  const size = document.length;
  if (size < 5 || document.readInt32LE(0) !== size || document[size - 1] !== 0) {
    throw malformed('BSON document: length and terminator do not fit its bytes');
  }
  const last = size - 1;
  let at = 4;
  while (at < last) {
    const start = at;
    const type = document[at]!;
    const nameEnd = document.indexOf(0, at + 1);
    if (nameEnd >= last) throw malformed('BSON document: element name runs over the end');
    // latin1 keeps every byte apart, so a name that is invalid UTF-8 cannot be taken for another.
    const name = document.toString('latin1', at + 1, nameEnd);
    const valueStart = nameEnd + 1;
    const end = valueStart + valueSize(document, type, valueStart, last);
    if (end > last) throw malformed('BSON document: element runs over the end');
    yield { type, name, start, valueStart, end };
    at = end;
  }
}

function valueSize(document: Buffer, type: number, at: number, last: number): number {
  const fixed = FIXED_SIZES.get(type);
  if (fixed !== undefined) return fixed;
  switch (type) {
    case 0x02: // string
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
      // The document's own terminator ends every search, so what runs over it is found by where it ends.
      const options = document.indexOf(0, document.indexOf(0, at) + 1);
      if (options < 0) throw malformed('BSON document: regular expression has no end');
      return options + 1 - at;
    }
    default:
      throw malformed(`BSON document: unknown element type 0x${type.toString(16)}`);
  }
}

function lengthAt(document: Buffer, at: number, last: number, min: number): number {
  const length = at + 4 <= last ? document.readInt32LE(at) : -1;
  if (length < min || length > last - at) throw malformed('BSON document: value length runs over the end');
  return length;
}
