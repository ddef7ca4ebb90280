/**
 * Codes that no further attempt can change, because they speak of the input, of another snapshot or of stored evidence.
 * Any other failure is worth the attempts that the job's policy grants.
 */
const TERMINAL_CODES: readonly string[] = [
  'PAYLOAD_INVALID',
  'WINDOW_INVALID',
  'SNAPSHOT_SUPERSEDED',
  'SNAPSHOT_CONFLICT',
  'TAMPER_FOUND',
  'JOB_CONFLICT',
  'LEDGER_BEHIND',
  'LEDGER_FORKED',
];

export function isTerminal(code: string): boolean {
  return TERMINAL_CODES.includes(code);
}
