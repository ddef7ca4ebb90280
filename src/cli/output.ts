import { SnapshotError, messageOf, type ErrorCode } from '../errors';

/** Where a command writes: results on stdout, everything else on stderr. */
export interface Output {
  /** A result, for people or, with `--json`, for programs. */
  readonly result: (text: string) => void;
  /** Progress and remarks for people. */
  readonly note: (text: string) => void;
}

export const PROCESS_OUTPUT: Output = {
  result: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
};

const QUIET_OUTPUT: Output = { ...PROCESS_OUTPUT, note: () => undefined };
let chosen = PROCESS_OUTPUT;

/** From now on commands print results and errors only, as `--quiet` asks. */
export function beQuiet(): void {
  chosen = QUIET_OUTPUT;
}

/** Whether `--quiet` was given. */
export function isQuiet(): boolean {
  return chosen === QUIET_OUTPUT;
}

/** Where the command of this process writes. */
export function chosenOutput(): Output {
  return chosen;
}

/** Exit codes of the command line, for scripts; docs/operations.md. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  invalid: 3,
  incomplete: 4,
  unauthorized: 5,
  attention: 6,
} as const;

/** What the caller must change before the command can do anything. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'USAGE_INVALID',
  'WINDOW_INVALID',
  'PAYLOAD_INVALID',
  'CONFIG_INVALID',
  'ADDRESS_INVALID',
  'ADDRESS_HAS_CREDENTIALS',
  'TLS_FILE_INVALID',
]);

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof SnapshotError)) return EXIT.error;
  if (USAGE_CODES.has(error.code)) return EXIT.usage;
  if (error.code.endsWith('_UNAUTHORIZED')) return EXIT.unauthorized;
  if (error.code === 'EVIDENCE_INCOMPLETE') return EXIT.incomplete;
  if (error.code === 'EVIDENCE_MALFORMED' || error.code === 'EVIDENCE_INVALID') return EXIT.invalid;
  return EXIT.error;
}

/** Says what went wrong: one line with the stable code on stderr, or with `--json` an object on stdout. */
export function printError(output: Output, error: unknown, json: boolean): void {
  const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
  const message = messageOf(error);
  if (json) output.result(JSON.stringify({ error: { code, message } }));
  else output.note(`error [${code}]: ${message}`);
}
