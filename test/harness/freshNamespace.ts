import { msToTs } from '@temporalio/common/lib/time';
import { readTemporalConfig } from '../../src/config';
import { connectTemporal } from '../../src/temporal/connection';
import { registerSearchAttributes } from '../../src/temporal/searchAttributes';
import { eventually } from './eventually';

/** Registers an empty namespace, `ready` with search attributes; resolves when the server knows it. */
export async function registerNamespace(namespace: string, state: 'bare' | 'ready' = 'bare'): Promise<void> {
  await using temporal = await connectTemporal(readTemporalConfig());
  const { workflowService } = temporal.connection;
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  await eventually(`namespace ${namespace}`, () =>
    workflowService.listWorkflowExecutions({ namespace, pageSize: 1 }).then(
      () => true,
      () => false,
    ),
  );
  if (state === 'ready') await registerSearchAttributes(temporal.connection, namespace);
}
