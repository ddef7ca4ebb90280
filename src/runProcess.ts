import { SnapshotError, messageOf } from './errors';

/**
 * Runs a process to its end: the exit code that `run` gives, 0 without one, or 1 with `error [CODE]: message` on stderr.
 * For composition roots only.
 */
export function runProcess(run: () => Promise<number | void>): void {
  run().then(
    (code) => process.exit(code ?? 0),
    (error: unknown) => {
      const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
      process.stderr.write(`error [${code}]: ${messageOf(error)}\n`);
      process.exit(1);
    },
  );
}
