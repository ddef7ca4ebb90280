import { withLock } from './lock';
import type { OnProgress } from './progress';
import { SERVER_NAMES, type Environment } from './serverName';
import { createStackDirectory, locateStack, type StackDirectory } from './stackDirectory';

export interface StackOptions {
  /** Several stacks run side by side under different names. Default `default`. */
  readonly name?: string | undefined;
  /** The folder that holds `.stack/`. Default the checkout. */
  readonly root?: string | undefined;
  /** Where server addresses, PATH and the cache are looked up. Default `process.env`. */
  readonly environment?: Environment | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A stack's directory and what its caller passed in. */
export interface OpenStack {
  readonly directory: StackDirectory;
  readonly environment: Environment;
  readonly onProgress: OnProgress;
}

/** Creates the stack's folders; USAGE_INVALID for a bad name. */
export function openStack({ name, root, environment = process.env, onProgress }: StackOptions): OpenStack {
  const directory = locateStack(name, root);
  createStackDirectory(directory);
  return { directory, environment: { ...environment }, onProgress: onProgress ?? (() => undefined) };
}

/** Runs `action` while no other process changes this stack. */
export function exclusively<T>({ directory, onProgress }: OpenStack, action: () => Promise<T>): Promise<T> {
  const onWait = ({ pid }: { pid: number }) => {
    for (const server of SERVER_NAMES) {
      onProgress({ server, phase: 'waiting', elapsedMs: 0, detail: `process ${pid} is changing the stack` });
    }
  };
  return withLock(directory.lockPath, { onWait }, () => {
    createStackDirectory(directory);
    return action();
  });
}
