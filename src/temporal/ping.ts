import type { Client } from '@temporalio/client';
import { toTemporalError } from './errors';

/** Resolves when Temporal answers. TEMPORAL_*. */
export async function pingTemporal(client: Client): Promise<void> {
  await client.workflowService.getSystemInfo({}).catch((error: unknown) => {
    throw toTemporalError('Temporal', error);
  });
}
