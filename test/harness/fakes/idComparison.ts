import { mongo } from 'mongoose';

const { Decimal128 } = mongo;

/** BSON types in MongoDB's sort order; a list of its own, because the code under test has one as well. */
const ORDER = 'ff 06 0a 01 02 03 04 05 07 08 09 11 0b 0c 0d 0f 7f'.split(' ');
/** Types that sort like another one: int32, int64 and decimal like double, symbol like string. */
const SORTS_AS: Readonly<Record<string, string>> = { '10': '01', '12': '01', '13': '01', '0e': '02' };

interface Id {
  readonly rank: number;
  readonly type: string;
  readonly value: Buffer;
}

/** Compares two position ids as MongoDB compares the ids they encode. */
export function compareIds(left: string, right: string): number {
  const [one, other] = [parse(left), parse(right)];
  if (one.rank !== other.rank) return one.rank - other.rank;
  if (ORDER[one.rank] === '01') return compareNumbers(numberOf(one), numberOf(other));
  // Strings and binaries begin with their length; only binaries are compared by length first.
  const from = ORDER[one.rank] === '02' ? 4 : 0;
  if (ORDER[one.rank] === '09') return Number(signed(one) - signed(other));
  if (ORDER[one.rank] === '11') return Number(one.value.readBigUInt64LE() - other.value.readBigUInt64LE());
  return Buffer.compare(one.value.subarray(from), other.value.subarray(from));
}

function parse(id: string): Id {
  const [, type = '07', value = id] = /^bson:(..):(.*)$/.exec(id) ?? [];
  return { rank: ORDER.indexOf(SORTS_AS[type] ?? type), type, value: Buffer.from(value, 'hex') };
}

function signed({ value }: Id): bigint {
  return value.readBigInt64LE();
}

function numberOf({ type, value }: Id): number {
  if (type === '01') return value.readDoubleLE();
  if (type === '10') return value.readInt32LE();
  if (type === '12') return Number(value.readBigInt64LE());
  return Number(new Decimal128(value).toString());
}

/** NaN sorts before every other number. */
function compareNumbers(left: number, right: number): number {
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : -1;
  return Number.isNaN(right) ? 1 : left - right;
}
