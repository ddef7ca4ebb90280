import { mongo } from 'mongoose';
import { SnapshotError } from '../errors';

const { BSON, ObjectId } = mongo;

const IDS_PER_QUERY = 1_000;
/** Two characters are a byte of the id: 4 MiB of ids, of the 16 MiB that a command may have. */
const MAX_BATCH_CHARS = 8 * 1024 * 1024;
const OBJECT_ID = /^[0-9a-f]{24}$/;
/** Without promotion Int32 1, Int64 1 and Double 1 stay three values, and a regular expression keeps its options. */
const EXACT = { promoteValues: false, promoteBuffers: false, promoteLongs: false, bsonRegExp: true } as const;

/**
 * The driver's value of a position id (24 hex digits, or `bson:<type>:<value>`), with its BSON type kept exactly.
 * Undefined for the few that the driver cannot represent: invalid UTF-8, dates out of range, DBPointer.
 */
export function decodeRecordId(id: string): unknown {
  if (OBJECT_ID.test(id)) return new ObjectId(id);
  const { type, value } = elementOf(id);
  const document = Buffer.concat([Buffer.alloc(4), Buffer.of(type), Buffer.from('v\0'), value, Buffer.of(0)]);
  document.writeInt32LE(document.length, 0);
  try {
    const { v } = BSON.deserialize(document, EXACT);
    return document.equals(BSON.serialize({ v })) ? v : undefined;
  } catch {
    return undefined;
  }
}

/** The BSON type byte of a position id. */
export function typeOf(id: string): number {
  return OBJECT_ID.test(id) ? 0x07 : elementOf(id).type;
}

/**
 * Parts of ids for one command each: at most `maxCount`, and few enough that the command stays within the size of a
 * document. A larger id is a part of its own.
 */
export function* idBatches(ids: readonly string[], maxCount: number): Generator<readonly string[]> {
  let [start, chars] = [0, 0];
  for (const [index, { length }] of ids.entries()) {
    if (index > start && (index - start === maxCount || chars + length > MAX_BATCH_CHARS)) {
      yield ids.slice(start, index);
      [start, chars] = [index, 0];
    }
    chars += length;
  }
  if (start < ids.length) yield ids.slice(start);
}

/** Filters that together match the records with these ids; ids that the driver cannot represent are left out. */
export function* idFilters(ids: readonly string[]): Generator<mongo.Document> {
  for (const part of idBatches(ids, IDS_PER_QUERY)) {
    const $in = part.map(decodeRecordId).filter((value) => value !== undefined);
    if ($in.length > 0) yield { _id: { $in } };
  }
}

/**
 * Without a regular expression for the value: V8 needs stack for every repetition of a group once a process has compiled
 * much code, and an id has up to 16 million.
 */
function elementOf(id: string): { type: number; value: Buffer } {
  const [, type] = /^bson:([0-9a-f]{2}):/.exec(id) ?? [];
  const hex = id.slice('bson:00:'.length);
  const value = Buffer.from(hex, 'hex');
  if (type === undefined || value.toString('hex') !== hex)
    throw new SnapshotError('INTERNAL', `not a position id: ${id.slice(0, 80)}`);
  return { type: Number.parseInt(type, 16), value };
}
