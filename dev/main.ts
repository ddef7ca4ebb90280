#!/usr/bin/env node
import { Command } from 'commander';
import { SnapshotError, messageOf } from '../src/errors';
import { startProgressLines } from './progress';
import { quoteForShell } from './shellQuote';
import { startStack } from './stack';
import { cleanStack, inspectStack, stackEnvironment, stopStack } from './stackCommands';
import type { ServerStatus } from './stackStatus';

interface Options {
  readonly name: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

const progress = startProgressLines({ write: (line) => process.stderr.write(`${line}\n`) });
const program = new Command('stack')
  .description('Temporal, MongoDB, S3 storage and Vault for development, under .stack/ of this checkout')
  .showHelpAfterError()
  .addHelpText(
    'after',
    '\nA server of your own is used instead when TEMPORAL_ADDRESS, MONGODB_URI, VAULT_ADDR or S3_ENDPOINT is set.' +
      '\nInto the shell: eval "$(npm run --silent stack -- env)"',
  );

function command(name: string, description: string): Command {
  return program.command(name).description(description).option('--name <stack>', 'which stack', 'default');
}

command('up', 'start what does not run yet, and leave it running')
  .option('--json', 'print the result as JSON')
  .action(async ({ name, json }: Options) => {
    const stack = await startStack({ name, detached: true, onProgress: progress.report });
    printStatus(await stack.servers(), json);
  });

command('down', 'stop every server; the data stays').action(async ({ name }: Options) => {
  await stopStack({ name, onProgress: progress.report });
});

command('status', 'show every server; exit code 1 unless all are ready')
  .option('--json', 'print JSON')
  .action(async ({ name, json }: Options) => {
    const servers = await inspectStack({ name });
    printStatus(servers, json);
    if (servers.some(({ state }) => state === 'stopped' || state === 'unhealthy')) process.exitCode = 1;
  });

command('env', 'print the variables that programs need, secrets included')
  .option('--json', 'print JSON instead of export lines')
  .action(({ name, json }: Options) => {
    const variables = stackEnvironment({ name });
    if (Object.keys(variables).length === 0) {
      throw new SnapshotError('USAGE_INVALID', `stack ${name} was never brought up; run "stack up" first`);
    }
    const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${quoteForShell(value)}`);
    console.log(json === true ? JSON.stringify(variables, null, 2) : lines.join('\n'));
  });

command('clean', 'remove data, logs and secrets')
  .option('--force', 'stop running servers first')
  .action(async ({ name, force }: Options) => {
    await cleanStack({ name, force, onProgress: progress.report });
  });

function printStatus(servers: readonly ServerStatus[], json: boolean | undefined): void {
  if (json === true) {
    console.log(JSON.stringify({ servers }, null, 2));
    return;
  }
  for (const { server, state, address, pid, reason } of servers) {
    const columns = [
      server.padEnd(8),
      state.padEnd(9),
      (pid ?? '').toString().padEnd(7),
      address ?? '',
      reason ?? '',
    ];
    console.log(columns.join('  ').trimEnd());
  }
}

program.parseAsync().then(
  () => progress.end(),
  (error: unknown) => {
    const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
    process.stderr.write(`error [${code}]: ${messageOf(error)}\n`);
    process.exit(code === 'USAGE_INVALID' ? 2 : 1);
  },
);
