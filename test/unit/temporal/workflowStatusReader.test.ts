import type { Client } from '@temporalio/client';
import { SnapshotError } from '../../../src/errors';
import { openRunId, temporalWorkflowStatus } from '../../../src/temporal/workflowStatusReader';
import { grpcFailure } from '../../harness/fakes/fakeTemporalClient';

/** A client that cannot decrypt the memo of a run, whose status is a number of Temporal's API. */
function clientOf(describe: () => Promise<unknown>, status: number): Client {
  const workflowExecutionInfo = { status, execution: { runId: 'run' } };
  return {
    options: { namespace: 'default' },
    workflow: { getHandle: () => ({ describe }) },
    workflowService: { describeWorkflowExecution: () => Promise.resolve({ workflowExecutionInfo }) },
  } as unknown as Client;
}

const unreadable = () => Promise.reject(new SnapshotError('PAYLOAD_UNREADABLE', 'its key is lost'));

test.each([
  [1, 'open', 'run'],
  [2, 'completed', undefined],
  [5, 'ended', undefined],
  [6, 'open', undefined],
] as const)(
  'a run of the status %i whose memo cannot be decrypted is %s, because its status is not encrypted',
  async (status, state, runId) => {
    const client = clientOf(unreadable, status);
    await expect(temporalWorkflowStatus(client).stateOf('w')).resolves.toBe(state);
    await expect(openRunId(client, 'w')).resolves.toBe(runId);
  },
);

test('a server that does not answer is an error, whatever the bare status would be', async () => {
  const client = clientOf(() => Promise.reject(grpcFailure(14, 'unavailable')), 1);
  await expect(temporalWorkflowStatus(client).stateOf('w')).rejects.toMatchObject({
    code: 'TEMPORAL_UNREACHABLE',
  });
});
