import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Environment } from '../../dev/stack/serverName';

const ROOT = join(__dirname, '..', '..');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a TypeScript file of this checkout as a Node program of its own. */
export function startProgram(file: string, args: readonly string[], env: Environment): ChildProcess {
  const hook = join(__dirname, 'runTypeScript.cjs');
  return spawn(process.execPath, ['-r', hook, join(ROOT, file), ...args], { env: { ...env }, cwd: ROOT });
}

/** Runs it to its end. */
export async function runProgram(file: string, args: readonly string[], env: Environment): Promise<Ended> {
  const child = startProgram(file, args, env);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** The first line that it prints; rejects with its error output when it ends without one. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  if (child.stdout === null) throw new Error('its output is not piped');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error(`ended without a line: ${stderr}`);
}
