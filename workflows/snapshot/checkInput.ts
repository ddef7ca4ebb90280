import { orFailWorkflow } from '../../src/contract/failure';
import { isJobId, JOB_ID_RULE } from '../../src/contract/names';
import type { AuditSnapshotInput, TimePolicy } from '../../src/contract/snapshot';
import { readTimePolicy } from '../../src/contract/timePolicy';
import { parseWindow } from '../../src/contract/window';
import { SnapshotError } from '../../src/errors';
import type { WorkflowEngine } from './workflowEngine';

/** Input with its window in canonical form and the default policy filled in. */
export interface CheckedInput extends Required<Omit<AuditSnapshotInput, keyof TimePolicy>> {
  readonly maxAttempts: number;
  readonly timeoutSeconds: number;
  /** Undefined: no limit. */
  readonly totalTimeoutSeconds: number | undefined;
}

/**
 * Checks the input of a run. A run may be started by hand in the Web UI, so everything that the job service and the client
 * check is checked here as well, before anything is written: PAYLOAD_INVALID, WINDOW_INVALID.
 */
export function checkInput(engine: Pick<WorkflowEngine, 'nowMs'>, given: AuditSnapshotInput): CheckedInput {
  return orFailWorkflow(() => readInput(given, engine.nowMs()));
}

function readInput(given: AuditSnapshotInput, nowMs: number): CheckedInput {
  if (typeof given !== 'object' || given === null)
    throw invalid('the input is not an object { jobId, from, to }');
  const { jobId, from, to, onTamper = 'seal' } = given;
  if (typeof jobId !== 'string' || !isJobId(jobId)) throw invalid(`jobId is not ${JOB_ID_RULE}`);
  if (typeof from !== 'string' || typeof to !== 'string') throw invalid('from and to are not both text');
  if (onTamper !== 'seal' && onTamper !== 'fail') throw invalid('onTamper is neither "seal" nor "fail"');
  return { jobId, ...parseWindow(from, to, nowMs), onTamper, ...readTimePolicy(given) };
}

function invalid(message: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', message);
}
