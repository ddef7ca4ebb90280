import {
  LEFT_OUT_KINDS,
  MAX_COUNTED_LEFT_OUT,
  WINDOW_YEARS,
  type LeftOutCounts,
  type LeftOutKind,
} from '../evidence/leftOut';
import type { RecordSourceNames } from '../evidence/recordMembers';

/** What each kind means, the filter that finds its records in mongosh, and what to do about them. */
interface Advice {
  readonly what: string;
  readonly filter: string;
  readonly remedy: string;
}

/** One sentence for each kind of record that sealing leaves out, with what to do; empty when there are none. */
export function leftOutReasons(counts: LeftOutCounts, source: RecordSourceNames): readonly string[] {
  return LEFT_OUT_KINDS.filter((kind) => counts[kind] > 0).map((kind) => {
    const { what, filter, remedy } = adviceOf(kind, source);
    return `${describeCount(counts[kind])} left out (${kind}): ${what}; ${remedy}. Find them: db.getCollection("${source.collection}").find(${filter})`;
  });
}

/** `5 records are`, or `at least 10000 records are`. */
function describeCount(count: number): string {
  if (count === 1) return '1 record is';
  return `${count >= MAX_COUNTED_LEFT_OUT ? 'at least ' : ''}${count} records are`;
}

function adviceOf(kind: LeftOutKind, { members }: RecordSourceNames): Advice {
  const { time, immutable, snapshotId } = members;
  const timed = (what: string, type: string): Advice => ({
    what: `${time} ${what}, so no window contains them`,
    filter: `{"${immutable}": false, "${time}": ${type}}`,
    remedy: `set ${time} to a date, and the hash again; then correct the application`,
  });
  const advice: Readonly<Record<LeftOutKind, Advice>> = {
    'immutable-missing': {
      what: `they have no ${immutable}`,
      filter: `{"${immutable}": null}`,
      remedy: `set ${immutable} to false, and have the application write it`,
    },
    'immutable-odd': {
      what: `${immutable} is not a boolean`,
      filter: `{"${immutable}": {$nin: [true, false, null]}}`,
      remedy: `set ${immutable} to false, and correct the application`,
    },
    'mark-foreign': {
      what: 'they are marked as sealed, and not by this ledger',
      filter: `{"${immutable}": true, "${snapshotId}": {$not: /^snap-/}}`,
      remedy: `find out who marked them; to seal them, set ${immutable} to false and remove ${snapshotId}`,
    },
    'time-missing': timed('is missing', 'null'),
    'time-text': timed('is a text', '{$type: "string"}'),
    'time-number': timed('is a number', '{$type: "number"}'),
    'time-other': timed('has another type', '{$not: {$type: ["date", "string", "number", "null"]}}'),
    'time-range': timed(
      'is outside of the years 0000 to 9999',
      `{$type: "date", $not: {$gte: new Date(${WINDOW_YEARS.fromMs}), $lt: new Date(${WINDOW_YEARS.untilMs})}}`,
    ),
  };
  return advice[kind];
}
