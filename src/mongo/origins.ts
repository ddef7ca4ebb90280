import type { Connection } from 'mongoose';
import { ledgerHeadModel } from '../models/ledger.model';
import { windowLeaseModel } from '../models/windowLease.model';
import { onDatabase } from './errors';

/** The origins that the database has sealed for: those with a ledger entry, or with a lease that was granted. DATABASE_*. */
export async function listOrigins(connection: Connection): Promise<readonly string[]> {
  const what = 'origins of the database';
  const heads = await onDatabase(what, () =>
    ledgerHeadModel(connection)
      .find({ size: { $gt: 0 } })
      .lean(),
  );
  const leases = await onDatabase(what, () =>
    windowLeaseModel(connection)
      .find({ sequence: { $gt: 0 } })
      .lean(),
  );
  return [...new Set([...heads, ...leases].map(({ _id }) => _id))].toSorted();
}
