import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a container is given; `app` is its working directory. */
export interface ContainerOptions {
  readonly app: string;
  /** `uid:gid` */
  readonly user: string;
  readonly env: NodeJS.ProcessEnv;
}

const IS_ROOT = process.getuid?.() === 0;
const NAMESPACES = IS_ROOT ? ['--mount'] : ['--mount', '--map-root-user'];

/** False where the system forbids its users to make namespaces, as some distributions do. */
export const CAN_CONTAIN = spawnSync('unshare', [...NAMESPACES, 'true']).status === 0;

/**
 * Starts a program as in a container with a read-only root file system: it can write nowhere. If the caller is root, the
 * program runs as the user of the image; otherwise it keeps the caller's user. Without namespaces it can write.
 */
export function startContained(command: readonly string[], options: ContainerOptions): ChildProcess {
  const { app, env } = options;
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  if (!CAN_CONTAIN) return spawn(command[0]!, command.slice(1), { cwd: app, env, stdio });
  const [uid, gid] = options.user.split(':');
  const become = IS_ROOT ? `setpriv --reuid=${uid} --regid=${gid} --clear-groups ` : '';
  const script = `mount -o remount,bind,ro / && cd "$0" && exec ${become}"$@"`;
  return spawn('unshare', [...NAMESPACES, 'sh', '-c', script, app, ...command], { env, stdio });
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
