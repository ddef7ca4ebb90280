import { malformed } from '../errors';
import { bsonElements, type BsonValue } from './bsonElements';
import { compareNumbers } from './bsonNumbers';

/**
 * Type bytes in the sort order of the server; types of one group compare with each other (MongoDB manual,
 * "Comparison/Sort Order").
 */
export const TYPE_GROUPS: readonly (readonly number[])[] = [
  [0xff], // min key
  [0x06], // undefined
  [0x0a], // null
  [0x01, 0x10, 0x12, 0x13], // numbers
  [0x02, 0x0e], // string, symbol
  [0x03], // document
  [0x04], // array
  [0x05], // binary
  [0x07], // ObjectId
  [0x08], // boolean
  [0x09], // date
  [0x11], // timestamp
  [0x0b], // regular expression
  [0x0c], // DBPointer
  [0x0d], // code
  [0x0f], // code with scope
  [0x7f], // max key
];

/** Servers store no deeper documents; it bounds the recursion. */
const MAX_DEPTH = 200;
/** Two lengths, the end of an empty code, and an empty document. */
const MIN_SCOPED_BYTES = 14;

/** Compares two values as MongoDB sorts them without a collation: negative, zero or positive. EVIDENCE_MALFORMED. */
export function compareBson(left: BsonValue, right: BsonValue, depth = 0): number {
  const group = groupOf(left.type);
  const order = group - groupOf(right.type);
  if (order !== 0) return order;
  const [one, other] = [left.value, right.value];
  switch (left.type) {
    case 0x01: // double
    case 0x10: // int32
    case 0x12: // int64
    case 0x13: // decimal128
      return compareNumbers(left, right);
    case 0x02: // string
    case 0x0e: // symbol
    case 0x0d: // code
      return Buffer.compare(one.subarray(4), other.subarray(4));
    case 0x03: // document
    case 0x04: // array
      return compareDocuments(one, other, left.type === 0x03, depth + 1);
    case 0x05: // binary: by length, then by subtype and bytes
      return one.readInt32LE(0) - other.readInt32LE(0) || Buffer.compare(one.subarray(4), other.subarray(4));
    case 0x09: // date
      return Number(one.readBigInt64LE() - other.readBigInt64LE());
    case 0x11: // timestamp
      return Number(one.readBigUInt64LE() - other.readBigUInt64LE());
    case 0x0c: // DBPointer: by length, then by bytes
      return one.length - other.length || Buffer.compare(one, other);
    case 0x0f: // code with scope: size, code, scope
      return compareScoped(one, other, depth + 1);
    default: // ObjectId, boolean and regular expression by bytes; the others have one value each
      return Buffer.compare(one, other);
  }
}

/** Element by element: by group of types, by name, by value; a document that ends first is the smaller one. */
function compareDocuments(one: Buffer, other: Buffer, byName: boolean, depth: number): number {
  if (depth > MAX_DEPTH) throw malformed(`BSON document: nested deeper than ${MAX_DEPTH}`);
  const others = bsonElements(other);
  for (const { type, name, valueStart, end } of bsonElements(one)) {
    const next = others.next();
    if (next.done === true) return 1;
    const { value: element } = next;
    const order =
      groupOf(type) - groupOf(element.type) ||
      (byName ? compareText(name, element.name) : 0) ||
      compareBson(
        { type, value: one.subarray(valueStart, end) },
        { type: element.type, value: other.subarray(element.valueStart, element.end) },
        depth,
      );
    if (order !== 0) return order;
  }
  return others.next().done === true ? 0 : -1;
}

function compareScoped(one: Buffer, other: Buffer, depth: number): number {
  const [left, right] = [one, other].map((value) => {
    if (value.length < MIN_SCOPED_BYTES) throw malformed('BSON document: code with scope is too short');
    const codeEnd = 8 + value.readInt32LE(4);
    return { code: value.subarray(8, codeEnd), scope: value.subarray(codeEnd) };
  });
  return Buffer.compare(left!.code, right!.code) || compareDocuments(left!.scope, right!.scope, true, depth);
}

function groupOf(type: number): number {
  return TYPE_GROUPS.findIndex((types) => types.includes(type));
}

/** Names are read as latin1, so this is the order of their bytes. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
