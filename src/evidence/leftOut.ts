import { BSON_BOOLEAN, BSON_DATE, BSON_STRING, bsonElements } from './bsonElements';
import type { RecordMembers } from './recordMembers';

/** Why sealing leaves a record out; docs/format.md, "Records that are left out". A record has at most one kind. */
export const LEFT_OUT_KINDS = [
  'immutable-missing',
  'immutable-odd',
  'mark-foreign',
  'time-missing',
  'time-text',
  'time-number',
  'time-other',
  'time-range',
] as const;
export type LeftOutKind = (typeof LEFT_OUT_KINDS)[number];
export type LeftOutCounts = Readonly<Record<LeftOutKind, number>>;

/** Records of one kind are counted up to here: this count means "at least". */
export const MAX_COUNTED_LEFT_OUT = 10_000;

/** Log time that a window can name: the years 0000 to 9999, `[fromMs, untilMs)`. */
export const WINDOW_YEARS = { fromMs: -62_167_219_200_000, untilMs: 253_402_300_800_000 } as const;

const BSON_UNDEFINED = 0x06;
const BSON_NULL = 0x0a;
const BSON_NUMBERS: readonly number[] = [0x01, 0x10, 0x12, 0x13];

/** A count of zero for each kind. */
export function noneLeftOut(): Record<LeftOutKind, number> {
  return Object.fromEntries(LEFT_OUT_KINDS.map((kind) => [kind, 0])) as Record<LeftOutKind, number>;
}

/** How many records are left out, of any kind. */
export function totalLeftOut(counts: LeftOutCounts): number {
  return LEFT_OUT_KINDS.reduce((total, kind) => total + counts[kind], 0);
}

/**
 * Why a record of the live log cannot be sealed; undefined for a record that can. Of a record with `immutable: true` only
 * the ledger knows whether it was sealed: it has the kind `mark-foreign` here. EVIDENCE_MALFORMED.
 */
export function leftOutKindOf(
  document: Uint8Array,
  { immutable, time }: RecordMembers,
): LeftOutKind | undefined {
  const source = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
  const elements = [...bsonElements(source)];
  const mark = elements.find(({ name }) => name === immutable);
  if (mark === undefined || isNothing(mark.type)) return 'immutable-missing';
  if (mark.type !== BSON_BOOLEAN) return 'immutable-odd';
  if (source[mark.valueStart] === 1) return 'mark-foreign';
  const at = elements.find(({ name }) => name === time);
  if (at === undefined || isNothing(at.type)) return 'time-missing';
  if (at.type === BSON_STRING) return 'time-text';
  if (BSON_NUMBERS.includes(at.type)) return 'time-number';
  if (at.type !== BSON_DATE) return 'time-other';
  const ms = Number(source.readBigInt64LE(at.valueStart));
  return ms >= WINDOW_YEARS.fromMs && ms < WINDOW_YEARS.untilMs ? undefined : 'time-range';
}

function isNothing(type: number): boolean {
  return type === BSON_NULL || type === BSON_UNDEFINED;
}

/** `3 records (2 time-text, 1 immutable-odd)`; a count at the limit is `at least`, and no record is `0 records`. */
export function describeLeftOut(counts: LeftOutCounts): string {
  const kinds = LEFT_OUT_KINDS.filter((kind) => counts[kind] > 0);
  if (kinds.length === 0) return '0 records';
  const isCapped = kinds.some((kind) => counts[kind] >= MAX_COUNTED_LEFT_OUT);
  const listed = kinds.map((kind) => `${counts[kind]} ${kind}`).join(', ');
  return `${isCapped ? 'at least ' : ''}${totalLeftOut(counts)} records (${listed})`;
}
