import { mongo } from 'mongoose';
import { SnapshotError } from '../errors';

const { BSON, ObjectId } = mongo;

/** The driver's value of a position id (24 hex digits, or `bson:<type>:<value>`), with its BSON type kept exactly. */
export function decodeRecordId(id: string): unknown {
  if (/^[0-9a-f]{24}$/.test(id)) return new ObjectId(id);
  const { value } = elementOf(id);
  const name = Buffer.from('v\0');
  const document = Buffer.concat([Buffer.alloc(4), Buffer.of(typeOf(id)), name, value, Buffer.of(0)]);
  document.writeInt32LE(document.length, 0);
  // Unpromoted, Int32 1, Int64 1 and Double 1 stay three different ids.
  return BSON.deserialize(document, { promoteValues: false, promoteBuffers: false, promoteLongs: false })[
    'v'
  ];
}

/** The BSON type byte of a position id. */
export function typeOf(id: string): number {
  return /^[0-9a-f]{24}$/.test(id) ? 0x07 : elementOf(id).type;
}

function elementOf(id: string): { type: number; value: Buffer } {
  const parts = /^bson:([0-9a-f]{2}):((?:[0-9a-f]{2})*)$/.exec(id);
  if (!parts) throw new SnapshotError('INTERNAL', `not a position id: ${id.slice(0, 80)}`);
  return { type: Number.parseInt(parts[1]!, 16), value: Buffer.from(parts[2]!, 'hex') };
}

/** Types of ids in the order the server sorts them; types of one group compare with each other. */
const TYPE_ORDER: readonly (readonly number[])[] = [
  [0xff], // min key
  [0x0a, 0x06], // null, undefined
  [0x01, 0x10, 0x12, 0x13], // numbers
  [0x02, 0x0e], // string, symbol
  [0x03], // document
  [0x05], // binary
  [0x07], // ObjectId
  [0x08], // boolean
  [0x09], // date
  [0x11], // timestamp
  [0x0b], // regular expression
  [0x7f], // max key
];

/** `$type` numbers of every id type that sorts behind the type of `id`: comparison operators do not cross types. */
export function laterTypes(id: string): number[] {
  const type = typeOf(id);
  const group = TYPE_ORDER.findIndex((types) => types.includes(type));
  // The server spells min key -1.
  return TYPE_ORDER.slice(group + 1).flatMap((types) => types.map((code) => (code === 0xff ? -1 : code)));
}
