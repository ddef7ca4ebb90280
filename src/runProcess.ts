import { SnapshotError, messageOf } from './errors';

/**
 * Runs a process to its end, for composition roots only. Exits with the code that `run` resolves to, 0 without one, and 1
 * with `error [CODE]: message` on stderr when it rejects.
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
