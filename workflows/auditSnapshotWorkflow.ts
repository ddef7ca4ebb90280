import { defineQuery, setHandler } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../src/contract/names';
import type {
  AuditSnapshotInput,
  AuditSnapshotResult,
  ContinuedState,
  Progress,
} from '../src/contract/snapshot';
import { checkInput } from './snapshot/checkInput';
import { SnapshotProgressTracker } from './snapshot/snapshotProgressTracker';
import { runJob } from './snapshot/runJob';
import { temporalEngine } from './snapshot/temporalEngine';

/**
 * Seals one window of the audit log. Query `progress` gives a `Progress`. Fails with an ApplicationFailure whose type
 * is a stable code; a cancel before signing rolls back, a later one is outlived.
 */
export async function auditSnapshotWorkflow(
  given: AuditSnapshotInput,
  continued?: ContinuedState,
): Promise<AuditSnapshotResult> {
  const engine = temporalEngine(given);
  const input = checkInput(engine, given);
  const tracker = new SnapshotProgressTracker(engine, input);
  setHandler(defineQuery<Progress>(PROGRESS_QUERY), () => tracker.snapshot);
  return runJob(engine, tracker, input, continued);
}
