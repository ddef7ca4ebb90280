import { startStack } from '../../dev/stack/stack';
import { embeddedEnvironment } from './embeddedEnvironment';

/** A parent for tests to kill: starts the stack named by its argument in the foreground, prints its pids, and waits. */
async function holdStack(name: string): Promise<void> {
  const stack = await startStack({ name, environment: embeddedEnvironment() });
  const pids = (await stack.servers()).map(({ pid }) => pid);
  process.stdout.write(`${JSON.stringify(pids)}\n`);
  setInterval(() => undefined, 60_000);
}

void holdStack(process.argv[2] ?? '');
