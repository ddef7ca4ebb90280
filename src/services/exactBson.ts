import { mongo } from 'mongoose';
import { SnapshotError, messageOf } from '../errors';

const { BSON, Binary, Code, Long, ObjectId } = mongo;

/** By MongoDB's limit for documents, the record itself included. */
const MAX_LEVELS = 100;
/** How much of a path a message quotes. */
const MAX_PATH_CHARS = 200;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_YEAR = 9999;
/** The flags that BSON stores; JavaScript has others, which would be lost. */
const STORED_FLAGS = /^[ims]*$/;
/** The name of a member in a path that needs no quotes. */
const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;
/** Each BSON class of the driver has it; data that was parsed from JSON cannot have a symbol. */
const BSON_CLASS = Symbol.for('@@mdb.bson.type');
/** Without promotion every value keeps its BSON type. */
const EXACT = { promoteValues: false, promoteBuffers: false, promoteLongs: false, bsonRegExp: true } as const;

/**
 * A copy of a value that BSON stores without changing it: documents as Maps, so that no member name means anything to the
 * driver (`_bsontype`, `toBSON`) and the order of members stays. PAYLOAD_INVALID, with the path of the value, for what BSON
 * would drop, replace or cut off in silence.
 */
export function exactValue(value: unknown, path: string, level = 1): unknown {
  if (typeof value === 'boolean' || typeof value === 'number' || value === null) return value;
  if (typeof value === 'string') return wellFormed(value, path);
  if (typeof value === 'object') return exactObject(value, path, level);
  if (typeof value !== 'bigint')
    throw refused(
      path,
      `is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which BSON cannot hold`,
    );
  if (value >= MIN_INT64 && value <= MAX_INT64) return value;
  throw refused(path, 'is a bigint of more than 64 bits, of which BSON would keep only the lower ones');
}

/** The path of a member, for messages: `details.items[3]`, `details["a.b"]`. */
export function memberPath(path: string, name: string): string {
  if (path === '') return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
  return PLAIN_NAME.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

/** PAYLOAD_INVALID with the path of the value. */
export function refused(path: string, why: string, cause?: unknown): SnapshotError {
  const where = path.length > MAX_PATH_CHARS ? `${path.slice(0, MAX_PATH_CHARS)}…` : path || 'the record';
  return new SnapshotError('PAYLOAD_INVALID', `audit entry: ${where} ${why}`, { cause });
}

/** The date itself, copied, if it has a year of four digits. */
export function exactDate(value: Date, path: string): Date {
  const ms = Date.prototype.getTime.call(value);
  if (Number.isNaN(ms)) throw refused(path, 'is an invalid date, which BSON would store as 1970');
  const year = new Date(ms).getUTCFullYear();
  if (year >= 0 && year <= MAX_YEAR) return new Date(ms);
  throw refused(
    path,
    `is in the year ${year}; only years of four digits can be sealed and read by every driver`,
  );
}

function exactObject(value: object, path: string, level: number): unknown {
  if (level > MAX_LEVELS)
    throw refused(path, `is nested deeper than ${MAX_LEVELS} levels, or contains itself`);
  if (isBsonClass(value)) return exactBsonClass(value, path, level);
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return exactDate(value as Date, path);
    case '[object RegExp]':
      return exactRegExp(value as RegExp, path);
    case '[object Uint8Array]':
      return new Binary(Buffer.from(value as Uint8Array));
    case '[object Array]':
      return exactArray(value as readonly unknown[], path, level);
    case '[object Map]':
      return exactMembers([...(value as Map<unknown, unknown>)], path, level);
    case '[object Object]':
      return exactPlain(value, path, level);
    default:
      throw refused(path, `is an object of the class ${classOf(value)}, whose content BSON would lose`);
  }
}

/** An instance of a BSON class, of any version of the driver. Data has `_bsontype` as a member of its own. */
function isBsonClass(value: object): value is { readonly _bsontype: string } {
  if (BSON_CLASS in value) return true;
  return (
    !Object.hasOwn(value, '_bsontype') && typeof (value as { _bsontype?: unknown })._bsontype === 'string'
  );
}

function exactBsonClass(value: { readonly _bsontype: string }, path: string, level: number): unknown {
  const { _bsontype: name } = value;
  if (!(BSON_CLASS in value)) return ofOtherVersion(value, path);
  if (name === 'DBRef') {
    const { collection, oid, db, fields } = value as unknown as mongo.DBRef;
    const own = [['$ref', collection], ['$id', oid], ...(db ? [['$db', db]] : []), ...Object.entries(fields)];
    return exactMembers(own as [string, unknown][], path, level);
  }
  if (name === 'Code') {
    const { code, scope } = value as unknown as mongo.Code;
    const text = wellFormed(code, path);
    return scope
      ? new Code(text, exactPlain(scope, `${path}.scope`, level + 1) as mongo.Document)
      : new Code(text);
  }
  if (
    name === 'Long' &&
    (value as unknown as mongo.Long).unsigned &&
    Long.fromValue(value as never).gt(Long.MAX_VALUE)
  )
    throw refused(path, 'is an unsigned Long beyond the signed 64 bits that BSON has');
  return roundTrip(value, path);
}

/** Another major version of the bson package, which the driver of this package would refuse; an id is clear all the same. */
function ofOtherVersion(value: { readonly _bsontype: string }, path: string): unknown {
  const { _bsontype: name } = value;
  const { toHexString } = value as { toHexString?: () => unknown };
  const hex =
    /^Object(Id|ID)$/.test(name) && typeof toHexString === 'function' ? toHexString.call(value) : '';
  if (typeof hex === 'string' && ObjectId.isValid(hex)) return new ObjectId(hex);
  throw refused(
    path,
    `is a ${name} of another version of the package bson; use the classes that this package exports as mongo`,
  );
}

function roundTrip(value: unknown, path: string): unknown {
  try {
    const bytes = BSON.serialize({ value });
    const exact = BSON.deserialize(bytes, EXACT)['value'] as unknown;
    if (Buffer.compare(BSON.serialize({ value: exact }), bytes) === 0) return exact;
  } catch (error) {
    throw refused(path, `cannot be stored as BSON: ${messageOf(error)}`, error);
  }
  throw refused(path, 'changes when it is stored as BSON');
}

function exactRegExp(value: RegExp, path: string): unknown {
  const { source, flags } = value;
  if (!STORED_FLAGS.test(flags))
    throw refused(
      path,
      `is a regular expression with the flags ${flags}, of which BSON keeps only i, m and s`,
    );
  wellFormed(source, path);
  return roundTrip(new mongo.BSONRegExp(source, flags), path);
}

function exactArray(value: readonly unknown[], path: string, level: number): unknown[] {
  if (Object.keys(value).length !== value.length)
    throw refused(path, 'is an array with holes or with members of its own, which BSON cannot hold');
  return value.map((item, index) => exactValue(item, `${path}[${index}]`, level + 1));
}

function exactPlain(value: object, path: string, level: number): unknown {
  if (typeof (value as { toBSON?: unknown }).toBSON === 'function' && !Object.hasOwn(value, 'toBSON'))
    return exactValue((value as { toBSON(): unknown }).toBSON(), path, level + 1);
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw refused(path, 'has a member whose name is a symbol, which BSON cannot hold');
  return exactMembers(Object.entries(value), path, level);
}

function exactMembers(
  members: readonly (readonly [unknown, unknown])[],
  path: string,
  level: number,
): Map<string, unknown> {
  const exact = new Map<string, unknown>();
  for (const [name, member] of members) {
    if (typeof name !== 'string')
      throw refused(path, `has a member whose name is a ${typeof name}, not a string`);
    exact.set(exactName(name, path), exactValue(member, memberPath(path, name), level + 1));
  }
  return exact;
}

/** The name of a member, if BSON can hold it. */
export function exactName(name: string, path: string): string {
  if (name.includes('\0'))
    throw refused(memberPath(path, name), 'has a name with a zero byte, which ends a name in BSON');
  return wellFormed(name, memberPath(path, name));
}

function wellFormed(text: string, path: string): string {
  if (text.isWellFormed()) return text;
  throw refused(path, 'has half of a surrogate pair, which is no text and would be replaced');
}

function classOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
