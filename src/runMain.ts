import { SnapshotError, messageOf } from './errors';

/** Runs a process to its end: exit code 0, or 1 with `error [CODE]: message` on stderr. For composition roots only. */
export function runMain(run: () => Promise<void>): void {
  run().then(
    () => process.exit(0),
    (error: unknown) => {
      const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
      process.stderr.write(`error [${code}]: ${messageOf(error)}\n`);
      process.exit(1);
    },
  );
}
