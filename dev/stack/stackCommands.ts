import { rmSync } from 'node:fs';
import { SnapshotError } from '../../src/errors';
import { exclusively, openStack, type StackOptions } from './openStack';
import { SERVER_NAMES, type ServerName, type Variables } from './serverName';
import { locateStack, type StackDirectory } from './stackDirectory';
import { readStackEnvironment, readStatus, type ServerStatus } from './stackStatus';
import { readState, runningProcess } from './state';
import { stopServers } from './takeDown';

/** Stops every embedded server of a stack, whichever process started it; data and ports stay. */
export async function stopStack(options: StackOptions = {}): Promise<void> {
  const stack = openStack(options);
  await exclusively(stack, () => stopServers(stack.directory, SERVER_NAMES, stack.onProgress));
}

/** Removes a stack's data, logs and secrets. STACK_BUSY while a server runs, unless `force`, which stops it first. */
export async function cleanStack(
  options: StackOptions & { readonly force?: boolean | undefined } = {},
): Promise<void> {
  const stack = openStack(options);
  await exclusively(stack, async () => {
    const running = runningServers(stack.directory);
    if (running.length > 0 && options.force !== true) {
      throw new SnapshotError(
        'STACK_BUSY',
        `stack ${stack.directory.name} runs (${running.join(', ')}); stop it with "down", or clean with --force`,
      );
    }
    await stopServers(stack.directory, running, stack.onProgress);
    rmSync(stack.directory.path, { recursive: true, force: true });
  });
}

/** The state of the servers of a stack, without changing anything. */
export async function inspectStack(options: StackOptions = {}): Promise<readonly ServerStatus[]> {
  return readStatus(locateStack(options.name, options.root), options.environment ?? process.env);
}

/** The variables of a stack that was brought up before; empty when it never was. */
export function stackEnvironment(options: StackOptions = {}): Variables {
  return readStackEnvironment(locateStack(options.name, options.root), options.environment ?? process.env);
}

function runningServers(directory: StackDirectory): ServerName[] {
  const state = readState(directory);
  return SERVER_NAMES.filter((name) => runningProcess(state[name]) !== undefined);
}
