import type { Client } from '@temporalio/client';
import { AuditSchedules } from '../../temporal/schedules';
import { openTemporal } from './temporal';

export interface OpenSchedules extends AsyncDisposable {
  readonly schedules: AuditSchedules;
  readonly client: Client;
}

/** The schedules of the configured namespace; `await using` closes the connection. TEMPORAL_*, CONFIG_INVALID. */
export async function openSchedules(): Promise<OpenSchedules> {
  const temporal = await openTemporal();
  const { client, config } = temporal;
  return {
    schedules: new AuditSchedules(client, config.taskQueue),
    client,
    [Symbol.asyncDispose]: async () => temporal[Symbol.asyncDispose](),
  };
}
