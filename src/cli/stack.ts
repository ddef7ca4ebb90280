import { startProgressLines } from '../../dev/stack/progress';
import { quoteForShell } from '../../dev/stack/shellQuote';
import { startStack } from '../../dev/stack/stack';
import { cleanStack, inspectStack, stackEnvironment, stopStack } from '../../dev/stack/stackCommands';
import type { ServerStatus } from '../../dev/stack/stackStatus';
import { SnapshotError } from '../errors';
import { EXIT, type Output } from './output';
import { renderTable } from './table';

export interface StackOptions {
  readonly name: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

type StackCommand = 'up' | 'down' | 'status' | 'env' | 'clean';

/** Runs one command on the embedded servers; progress goes to stderr. USAGE_INVALID, STACK_BUSY, TOOLCHAIN_MISSING, … */
export async function runStack(
  command: StackCommand,
  options: StackOptions,
  output: Output,
): Promise<number> {
  const progress = startProgressLines({ write: output.note });
  try {
    return await COMMANDS[command]({ ...options, onProgress: progress.report }, output);
  } finally {
    progress.end();
  }
}

type Run = (
  options: StackOptions & { readonly onProgress: ReturnType<typeof startProgressLines>['report'] },
  output: Output,
) => Promise<number>;

const COMMANDS: Readonly<Record<StackCommand, Run>> = {
  async up({ name, onProgress, json }, output) {
    const stack = await startStack({ name, detached: true, onProgress });
    say(await stack.servers(), json, output);
    return EXIT.ok;
  },
  async down({ name, onProgress, json }, output) {
    await stopStack({ name, onProgress });
    say(await inspectStack({ name }), json, output);
    return EXIT.ok;
  },
  async status({ name, json }, output) {
    const servers = await inspectStack({ name });
    say(servers, json, output);
    const down = servers.some(({ state }) => state === 'stopped' || state === 'unhealthy');
    return down ? EXIT.error : EXIT.ok;
  },
  env({ name, json }, output) {
    const variables = stackEnvironment({ name });
    if (Object.keys(variables).length === 0)
      throw new SnapshotError('USAGE_INVALID', `stack ${name} was never brought up; run "stack up" first`);
    const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${quoteForShell(value)}`);
    output.result(json === true ? JSON.stringify(variables) : lines.join('\n'));
    return Promise.resolve(EXIT.ok);
  },
  async clean({ name, force, onProgress, json }, output) {
    await cleanStack({ name, force, onProgress });
    if (json === true) output.result(JSON.stringify({ servers: [] }));
    return EXIT.ok;
  },
};

function say(servers: readonly ServerStatus[], json: boolean | undefined, output: Output): void {
  if (json === true) {
    output.result(JSON.stringify({ servers }));
    return;
  }
  const rows = servers.map(({ server, state, address, pid, reason }) => [
    server,
    state,
    (pid ?? '').toString(),
    address ?? '',
    reason ?? '',
  ]);
  output.result(renderTable(['server', 'state', 'pid', 'address', ''], rows));
}
