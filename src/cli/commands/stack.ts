import type { Command } from 'commander';
import { startProgressLines } from '../../../dev/stack/progress';
import { quoteForShell } from '../../../dev/stack/shellQuote';
import { startStack } from '../../../dev/stack/stack';
import { cleanStack, inspectStack, stackEnvironment, stopStack } from '../../../dev/stack/stackCommands';
import type { ServerStatus } from '../../../dev/stack/stackStatus';
import { SnapshotError } from '../../errors';
import { action } from '../action';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { renderTable } from '../table';

interface StackOptions extends JsonOption {
  readonly name: string;
  readonly force?: boolean;
}

type OnProgress = ReturnType<typeof startProgressLines>['report'];
type Run = (options: StackOptions, output: Output, onProgress: OnProgress) => Promise<number>;

/** `stack`: the embedded servers for development, demo and tests. USAGE_INVALID, STACK_BUSY, TOOLCHAIN_MISSING, … */
export function define(command: Command): void {
  command.description(
    'run Temporal, a MongoDB-compatible server, S3 storage and Vault on this machine, for development',
  );
  defineRun(command, 'up', 'start every server that is not running; they continue after this command', up);
  defineRun(command, 'down', 'stop every server and keep its data', down);
  defineRun(command, 'status', 'show every server; exit code 1 unless all are ready', status);
  defineRun(command, 'env', 'print the environment variables that programs need, including secrets', env);
  defineRun(command, 'clean', 'remove the data, logs and secrets of a stack', clean).option(
    '--force',
    'stop running servers first',
  );
}

function defineRun(stack: Command, name: string, description: string, run: Run): Command {
  return stack
    .command(name)
    .description(description)
    .option('--name <stack>', 'name of the stack', 'default')
    .addOption(jsonOption())
    .addHelpText('after', example(`audit-snapshot stack ${name}`))
    .action(action((options: StackOptions, output: Output) => withProgress(run, options, output)));
}

/** Progress goes to stderr, one line for each phase of each server. */
async function withProgress(run: Run, options: StackOptions, output: Output): Promise<number> {
  const progress = startProgressLines({ write: output.note });
  try {
    return await run(options, output, progress.report);
  } finally {
    progress.end();
  }
}

async function up({ name, json }: StackOptions, output: Output, onProgress: OnProgress): Promise<number> {
  const stack = await startStack({ name, detached: true, onProgress });
  printServers(await stack.servers(), json, output);
  return EXIT.ok;
}

async function down({ name, json }: StackOptions, output: Output, onProgress: OnProgress): Promise<number> {
  await stopStack({ name, onProgress });
  printServers(await inspectStack({ name }), json, output);
  return EXIT.ok;
}

async function status({ name, json }: StackOptions, output: Output): Promise<number> {
  const servers = await inspectStack({ name });
  printServers(servers, json, output);
  const ready = servers.every(({ state }) => state === 'running' || state === 'external');
  return ready ? EXIT.ok : EXIT.error;
}

async function env({ name, json }: StackOptions, output: Output): Promise<number> {
  const variables = stackEnvironment({ name });
  if (Object.keys(variables).length === 0)
    throw new SnapshotError('USAGE_INVALID', `stack ${name} was never brought up; run "stack up" first`);
  const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${quoteForShell(value)}`);
  output.result(json === true ? JSON.stringify(variables) : lines.join('\n'));
  return EXIT.ok;
}

async function clean(
  { name, force, json }: StackOptions,
  output: Output,
  onProgress: OnProgress,
): Promise<number> {
  await cleanStack({ name, force, onProgress });
  if (json === true) output.result(JSON.stringify({ servers: [] }));
  return EXIT.ok;
}

function printServers(servers: readonly ServerStatus[], json: boolean | undefined, output: Output): void {
  if (json === true) {
    output.result(JSON.stringify({ servers }));
    return;
  }
  const rows = servers.map(({ server, state, address, pid, reason }) => [
    server,
    state,
    String(pid ?? ''),
    address ?? '',
    reason ?? '',
  ]);
  output.result(renderTable(['server', 'state', 'pid', 'address', ''], rows));
}
