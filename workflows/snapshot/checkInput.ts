import { isJobId } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { parseWindow } from '../../src/contract/window';
import type { WorkflowEngine } from './workflowEngine';

/** Input with its window in canonical form and the default policy filled in: 3 attempts of 3600 s. */
export type CheckedInput = Required<AuditSnapshotInput>;

/**
 * Checks what a run is started with. A run may be started by hand in the Web UI, so what the job service and
 * the client check is checked here as well, before anything is written: PAYLOAD_INVALID, WINDOW_INVALID.
 */
export function checkInput(engine: WorkflowEngine, given: AuditSnapshotInput): CheckedInput {
  const refuse = (message: string): Error => engine.failed({ code: 'PAYLOAD_INVALID', message });
  if (typeof given !== 'object' || given === null)
    throw refuse('the input is not an object { jobId, from, to }');
  const { jobId, from, to, onTamper = 'seal', maxAttempts = 3, timeoutSeconds = 3600 } = given;
  if (typeof jobId !== 'string' || !isJobId(jobId)) {
    throw refuse('jobId is not 1 to 64 lowercase letters, digits and hyphens');
  }
  if (typeof from !== 'string' || typeof to !== 'string') throw refuse('from and to are not both text');
  if (onTamper !== 'seal' && onTamper !== 'fail') throw refuse('onTamper is neither "seal" nor "fail"');
  if (!isCount(maxAttempts) || !isCount(timeoutSeconds)) {
    throw refuse('maxAttempts and timeoutSeconds are not whole numbers from 1 to 1,000,000');
  }
  const outcome = parseWindow(from, to, engine.nowMs());
  if (!outcome.ok) throw engine.failed({ code: 'WINDOW_INVALID', message: outcome.reason });
  return { jobId, ...outcome.window, onTamper, maxAttempts, timeoutSeconds };
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1_000_000;
}
