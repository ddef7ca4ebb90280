import type { AuditSnapshotInput, AuditSnapshotResult, ContinuedState } from '../src/contract/snapshot';
import { answerProgressQuery } from './progress/publishProgress';
import { checkInput } from './snapshot/checkInput';
import { runJob } from './snapshot/runJob';
import { SnapshotProgressTracker } from './snapshot/snapshotProgressTracker';
import { temporalEngine } from './snapshot/temporalEngine';

/**
 * Seals one window of the audit log. The query `progress` returns a `Progress`. Fails with an ApplicationFailure whose type
 * is a stable code. A cancel before signing rolls back; after that the run finishes its snapshot.
 */
export async function auditSnapshotWorkflow(
  given: AuditSnapshotInput,
  continued?: ContinuedState,
): Promise<AuditSnapshotResult> {
  const engine = temporalEngine(given);
  const input = checkInput(engine, given);
  const tracker = new SnapshotProgressTracker(engine, input, continued);
  answerProgressQuery(() => tracker.progress);
  return runJob(engine, tracker, input, continued);
}
