import type { Connection } from 'mongoose';
import type { RecordSourceNames } from '../evidence/recordMembers';
import { auditLogModel } from '../models/auditLog.model';
import { onDatabase } from './errors';
import { ineligibleFilters } from './oddRecords';

/** Counting ends here: one record is as much of a reason to look as a million. */
const MAX_COUNTED = 10_000;

/** Why a record is in no window. */
export type IneligibleKind = keyof ReturnType<typeof ineligibleFilters>;

/**
 * How many records are in no window, by reason, each up to 10,000. These are ranges of the index that are normally empty;
 * arrays cost one pass over the index. DATABASE_*; the signal's reason once it is aborted.
 */
export async function countIneligible(
  connection: Connection,
  source: RecordSourceNames,
  signal: AbortSignal,
): Promise<ReadonlyMap<IneligibleKind, number>> {
  const logs = auditLogModel(connection, source).collection;
  const counts = new Map<IneligibleKind, number>();
  for (const [kind, filters] of Object.entries(ineligibleFilters(source.members))) {
    let count = 0;
    for (const filter of filters)
      count += await onDatabase('counting records without a window', () =>
        logs.countDocuments(filter, { limit: MAX_COUNTED, signal }),
      );
    counts.set(kind as IneligibleKind, Math.min(count, MAX_COUNTED));
  }
  return counts;
}
