import type { BsonValue } from './bsonElements';

/** A finite number `digits × 2^twos × 10^tens`, exactly; or NaN or an infinity as a number. */
type Exact = number | { readonly digits: bigint; readonly twos: number; readonly tens: number };

const DECIMAL_BIAS = 6176;
const MAX_DECIMAL = 10n ** 34n - 1n;

/** Compares numbers of all BSON types by value, exactly; NaN comes before every other number. */
export function compareNumbers(left: BsonValue, right: BsonValue): number {
  const [one, other] = [exact(left), exact(right)];
  if (typeof one === 'number' || typeof other === 'number')
    return compareSpecial(
      typeof one === 'number' ? one : Number(one.digits > 0n) - 0.5,
      typeof other === 'number' ? other : Number(other.digits > 0n) - 0.5,
    );
  // Both sides are scaled by the same powers until they are integers.
  const twos = Math.min(one.twos, other.twos);
  const tens = Math.min(one.tens, other.tens);
  const scale = (value: typeof one) =>
    (value.digits << BigInt(value.twos - twos)) * 10n ** BigInt(value.tens - tens);
  const difference = scale(one) - scale(other);
  return Number(difference > 0n) - Number(difference < 0n);
}

/** At least one side is NaN or an infinity; a finite side is any finite number. */
function compareSpecial(one: number, other: number): number {
  if (Number.isNaN(one) || Number.isNaN(other))
    return Number(Number.isNaN(other)) - Number(Number.isNaN(one));
  return Number(one > other) - Number(one < other);
}

function exact({ type, value }: BsonValue): Exact {
  if (type === 0x10) return { digits: BigInt(value.readInt32LE()), twos: 0, tens: 0 };
  if (type === 0x12) return { digits: value.readBigInt64LE(), twos: 0, tens: 0 };
  return type === 0x01 ? exactDouble(value) : exactDecimal(value);
}

/** IEEE 754 binary64. */
function exactDouble(value: Buffer): Exact {
  const number = value.readDoubleLE();
  if (!Number.isFinite(number)) return number;
  const bits = value.readBigUInt64LE();
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const digits = exponent === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  return { digits: number < 0 ? -digits : digits, twos: Math.max(exponent, 1) - 1075, tens: 0 };
}

/** IEEE 754 decimal128 with a binary coefficient; a coefficient beyond 34 digits counts as zero. */
function exactDecimal(value: Buffer): Exact {
  const high = value.readBigUInt64LE(8);
  const isNegative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 0x1fn);
  if (combination === 0x1f) return Number.NaN;
  if (combination === 0x1e) return isNegative ? -Infinity : Infinity;
  const isLarge = combination >= 0x18;
  const exponent = Number((high >> (isLarge ? 47n : 49n)) & 0x3fffn) - DECIMAL_BIAS;
  const coefficient = isLarge ? 0n : ((high & 0x1_ffff_ffff_ffffn) << 64n) | value.readBigUInt64LE();
  const digits = coefficient > MAX_DECIMAL ? 0n : coefficient;
  return { digits: isNegative ? -digits : digits, twos: 0, tens: exponent };
}
