import type { Client } from '@temporalio/client';
import { connectTemporal } from '../../temporal/connection';
import { readTemporalConfig } from '../../config';
import { AuditSchedules } from '../../temporal/schedules';

/** Connects to Temporal for the time of `run`. TEMPORAL_*, CONFIG_INVALID. */
export async function withSchedules<T>(
  run: (schedules: AuditSchedules, client: Client) => Promise<T>,
): Promise<T> {
  const temporal = readTemporalConfig();
  const { connection, client } = await connectTemporal(temporal);
  try {
    return await run(new AuditSchedules(client, temporal.taskQueue), client);
  } finally {
    await connection.close();
  }
}
