import type { ErrorCode } from '../errors';

/**
 * Codes that no further attempt can change, because they are about the input, another snapshot or stored evidence. Any
 * other failure is worth the attempts that the job's policy grants.
 */
const TERMINAL_CODES: readonly ErrorCode[] = [
  'PAYLOAD_INVALID',
  'WINDOW_INVALID',
  'SNAPSHOT_SUPERSEDED',
  'SNAPSHOT_CONFLICT',
  'SNAPSHOT_TOO_LARGE',
  'SNAPSHOT_LOST',
  'TAMPER_FOUND',
  'JOB_CONFLICT',
  'LEDGER_BEHIND',
  'LEDGER_FORKED',
  'LEDGER_ROLLED_BACK',
  'LEDGER_ENTRY_INVALID',
  'ORIGIN_MISMATCH',
  'SOURCE_MISMATCH',
];

/** True when a failure with this code ends the job, whatever attempts are left. */
export function isTerminal(code: string): boolean {
  return TERMINAL_CODES.some((terminal) => terminal === code);
}
