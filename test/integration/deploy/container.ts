import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a container is given; `app` is its working directory. */
export interface ContainerOptions {
  readonly app: string;
  /** `uid:gid` */
  readonly user: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts a program as a container with a read-only root file system would run it: nothing can be written anywhere, and it
 * is nobody. Where the caller is not root, it keeps the caller's own user, who is not root either.
 */
export function startContained(command: readonly string[], options: ContainerOptions): ChildProcess {
  const [uid, gid] = options.user.split(':');
  const isRoot = process.getuid?.() === 0;
  const become = isRoot ? `setpriv --reuid=${uid} --regid=${gid} --clear-groups ` : '';
  const script = `mount -o remount,bind,ro / && cd "$0" && exec ${become}"$@"`;
  const namespaces = isRoot ? ['--mount'] : ['--mount', '--map-root-user'];
  return spawn('unshare', [...namespaces, 'sh', '-c', script, options.app, ...command], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for a line with `text` on its output; rejects with all it printed when it ends without one. */
export async function lineWith(child: ChildProcess, text: string): Promise<string> {
  const printed: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.includes(text)) {
      child.stdout?.resume();
      return line;
    }
    printed.push(`${line}\n`);
  }
  throw new Error(`ended without "${text}": ${printed.join('')}`);
}

/** Exit code and everything printed, once it has ended. */
export async function endOf(
  child: ChildProcess,
): Promise<{ readonly code: number; readonly output: string }> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}
