import type { AuditVerifyInput } from '../../src/contract/drift';
import { orFailWorkflow } from '../../src/contract/failure';
import { parseWindow, type Window } from '../../src/contract/window';
import { SnapshotError } from '../../src/errors';

/** Checks the input of a run; returns the window to compare, or null for the whole ledger. PAYLOAD_INVALID, WINDOW_INVALID. */
export function checkVerifyInput(given: AuditVerifyInput, nowMs: number): Window | null {
  return orFailWorkflow(() => readInput(given, nowMs));
}

function readInput({ from, to, onDrift }: AuditVerifyInput, nowMs: number): Window | null {
  if (onDrift !== undefined && onDrift !== 'fail' && onDrift !== 'report')
    throw invalid('onDrift is neither "fail" nor "report"');
  if (from === undefined && to === undefined) return null;
  if (typeof from !== 'string' || typeof to !== 'string')
    throw invalid('from and to go together, both as text; give both or neither');
  return parseWindow(from, to, nowMs);
}

function invalid(message: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', message);
}
