import type { Connection, mongo } from 'mongoose';
import {
  LEFT_OUT_KINDS,
  MAX_COUNTED_LEFT_OUT,
  noneLeftOut,
  WINDOW_YEARS,
  type LeftOutCounts,
  type LeftOutKind,
} from '../evidence/leftOut';
import type { RecordSourceNames } from '../evidence/recordMembers';
import { auditLogModel } from '../models/auditLog.model';
import type { LeftOutScope } from '../ports/recordSource';
import { MAX_LISTED_LEFT_OUT } from '../verify/leftOutStates';
import { onDatabase } from './errors';
import { streamRecords } from './logCursor';
import { between, unsealedBy, unsealedMarks } from './logPages';
import { mayHaveArrays } from './multikeyBounds';

type Filter = mongo.Document;

/** `$type` codes, each of which is a range of an index. */
const TEXT = 2;
const ARRAY = 4;
const BOOLEAN = 8;
const DATE = 9;
const NUMBERS = [1, 16, 18, 19];
const OTHERS = [3, 5, 7, 11, 12, 13, 14, 15, 17, -1, 127];

const FIRST_DATE = new Date(WINDOW_YEARS.fromMs);
const DATE_AFTER = new Date(WINDOW_YEARS.untilMs);

/**
 * Counts the records that sealing leaves out, each kind up to MAX_COUNTED_LEFT_OUT. Every count is of ranges of the index
 * of the log, in which nothing is as long as applications write what is sealed; where the log has none of them, one query
 * says so. DATABASE_*.
 */
export async function countLeftOut(
  logs: mongo.Collection,
  source: RecordSourceNames,
  scope: LeftOutScope,
): Promise<LeftOutCounts> {
  const filters = await readFilters(logs, source, scope);
  const counts = noneLeftOut();
  const any = Object.values(filters).flat();
  const found = await onDatabase('records that are left out', () =>
    logs.findOne({ $or: any }, { projection: { _id: 1 } }),
  );
  if (!found) return counts;
  for (const kind of LEFT_OUT_KINDS)
    for (const filter of filters[kind]) {
      const limit = MAX_COUNTED_LEFT_OUT - counts[kind];
      if (limit > 0)
        counts[kind] += await onDatabase(`records that are left out: ${kind}`, () =>
          logs.countDocuments(filter, { limit }),
        );
    }
  return counts;
}

/** For `readLeftOut`: the records of these kinds as they are stored, at most MAX_LISTED_LEFT_OUT of each. DATABASE_*. */
export function leftOutScan(connection: Connection, source: RecordSourceNames) {
  const logs = auditLogModel(connection, source).collection;
  return async function* (
    scope: LeftOutScope,
    kinds: readonly LeftOutKind[],
  ): AsyncGenerator<{ readonly kind: LeftOutKind; readonly document: Buffer }> {
    const filters = await readFilters(logs, source, scope);
    for (const kind of kinds) {
      let left = MAX_LISTED_LEFT_OUT;
      for (const filter of filters[kind])
        for await (const document of streamRecords(logs, filter)) {
          if (left-- <= 0) break;
          yield { kind, document };
        }
    }
  };
}

async function readFilters(logs: mongo.Collection, source: RecordSourceNames, scope: LeftOutScope) {
  return filtersOf(source, scope, {
    time: await mayHaveArrays(logs, source.members, 'time'),
    immutable: await mayHaveArrays(logs, source.members, 'immutable'),
  });
}

function filtersOf(
  source: RecordSourceNames,
  { within, uncovered }: LeftOutScope,
  hasArrays: { readonly time: boolean; readonly immutable: boolean },
): Readonly<Record<LeftOutKind, readonly Filter[]>> {
  const { members } = source;
  const { immutable, time, snapshotId } = members;
  const marks = unsealedMarks(source);
  const unsealed = (at: readonly Filter[]) =>
    marks.flatMap((mark) => at.map((each) => ({ ...unsealedBy(members, mark), ...each })));
  const marked = (mark: unknown, at: readonly Filter[]): Filter[] =>
    at.map((each) => ({ [immutable]: mark, ...each }));
  const windowed = within ? [between(members, within.fromMs, within.untilMs)] : [];
  const outside = outsideOf(time);
  const everywhere = within ? [...windowed, ...Object.values(outside).flat()] : [{}];
  const inArrays = windowed.map((at) => ({ [time]: { ...(at[time] as object), $type: ARRAY } }));
  // An array without a date is in the log time of no window, so every window counts it.
  const dateless = { [time]: { $type: ARRAY, $not: { $type: DATE } } };
  const arrays = within ? [...inArrays, dateless] : [{ [time]: { $type: ARRAY } }];
  // A condition on a type or on null also matches an array with such an element, which is counted among the arrays.
  const single = hasArrays.time ? outsideOf(time, { $not: { $type: ARRAY } }) : outside;
  return {
    'immutable-missing': marks.includes(null) ? [] : marked(null, everywhere),
    'immutable-odd': [
      { [immutable]: { $type: [TEXT, DATE, ...NUMBERS, ...OTHERS] } },
      // A query for true, false or null matches an array that contains it, so such a record is sealed or counted by that.
      ...(hasArrays.immutable ? [{ [immutable]: { $type: ARRAY, $nin: [true, false, null] } }] : []),
    ],
    'mark-foreign': [
      ...(marks.includes(null)
        ? everywhere.map((each) => ({ [immutable]: null, [snapshotId]: { $ne: null }, ...each }))
        : []),
      ...marked(true, [
        ...Object.values(outside).flat(),
        ...uncovered.map(({ fromMs, untilMs }) =>
          between(members, Math.max(fromMs, WINDOW_YEARS.fromMs), Math.min(untilMs, WINDOW_YEARS.untilMs)),
        ),
      ]),
    ],
    'time-missing': unsealed(single.missing),
    'time-text': unsealed(single.text),
    'time-number': unsealed(single.number),
    'time-other': unsealed([...single.other, ...(hasArrays.time ? arrays : [])]),
    'time-range': unsealed((within ? outside : single).range),
  };
}

/** The conditions of a time that is in no window; `also` is a further condition of each. */
function outsideOf(time: string, also: Filter = {}) {
  return {
    missing: [{ [time]: { $eq: null, ...also } }],
    text: [{ [time]: { $type: TEXT, ...also } }],
    number: [{ [time]: { $type: NUMBERS, ...also } }],
    other: [{ [time]: { $type: [BOOLEAN, ...OTHERS], ...also } }],
    range: [{ [time]: { $lt: FIRST_DATE, ...also } }, { [time]: { $gte: DATE_AFTER, ...also } }],
  };
}
