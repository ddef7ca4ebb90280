import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const CLI = resolve(__dirname, '../../dist/src/cli/main.js');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line to its end. */
export function runCommand(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ran> {
  return new Promise((settle) => {
    const child = execFile('node', [CLI, ...args], { env, maxBuffer: 2 ** 26 }, (_, stdout, stderr) =>
      settle({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/**
 * Runs shell commands of a document in `cwd`, with the built command line as `audit-snapshot`. A command that fails ends
 * them: rejects with an error that has `code`, `stdout` and `stderr`.
 */
export function runShell(
  script: string,
  { cwd, env = process.env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<{ stdout: string; stderr: string }> {
  const commands = `audit-snapshot() { node '${CLI}' "$@"; }\n${script}`;
  // Bash reads its start-up file when its input is a socket, as here, and it is not started by another shell.
  const args = ['--norc', '-euo', 'pipefail', '-c', commands];
  return promisify(execFile)('bash', args, { cwd, env, maxBuffer: 2 ** 26 });
}
