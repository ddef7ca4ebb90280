import type { Client } from '@temporalio/client';
import { readSealingConfig, readTemporalConfig } from '../../config';
import { readTogether } from '../../config/problems';
import { AuditSchedules } from '../../temporal/schedules';
import { openTemporal } from './temporal';

export interface OpenSchedules extends AsyncDisposable {
  readonly schedules: AuditSchedules;
  readonly client: Client;
}

/** The schedules of the configured task queue and origin; `await using` closes the connection. TEMPORAL_*, CONFIG_INVALID. */
export async function openSchedules(): Promise<OpenSchedules> {
  const { sealing } = readTogether({
    sealing: () => readSealingConfig(),
    temporal: () => readTemporalConfig(),
  });
  const temporal = await openTemporal();
  const { client, config } = temporal;
  return {
    schedules: new AuditSchedules(client, config.taskQueue, sealing.origin),
    client,
    [Symbol.asyncDispose]: async () => temporal[Symbol.asyncDispose](),
  };
}
