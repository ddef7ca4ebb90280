import { defineQuery, setHandler } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../src/contract/names';
import type { AuditSnapshotInput, AuditSnapshotResult, Carry, Progress } from '../src/contract/snapshot';
import { checkInput } from './checkInput';
import { ProgressBoard } from './progressBoard';
import { runJob } from './runJob';
import { temporalFlow } from './temporalFlow';

/**
 * Seals one window of the audit log. Query `progress` gives a `Progress`. Fails with an ApplicationFailure whose type
 * is a stable code; a cancel before signing rolls back, a later one is outlived.
 */
export async function auditSnapshotWorkflow(
  given: AuditSnapshotInput,
  carry?: Carry,
): Promise<AuditSnapshotResult> {
  const flow = temporalFlow(given);
  const input = checkInput(flow, given);
  const board = new ProgressBoard(flow, input);
  setHandler(defineQuery<Progress>(PROGRESS_QUERY), () => board.snapshot);
  return runJob(flow, board, input, carry);
}
