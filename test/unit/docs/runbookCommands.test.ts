import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadCommands } from '../../../src/cli/lazyCommand';
import { buildProgram } from '../../../src/cli/program';

const PAGE = readFileSync(join(__dirname, '../../../docs/runbooks.md'), 'utf8');

/** Sections of the page: the heading, and the lines of its shell commands. */
const RUNBOOKS = PAGE.split(/^## /m)
  .slice(1)
  .map((section): [heading: string, lines: readonly string[]] => {
    const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
    return [section.split('\n')[0]!, blocks.flatMap((block) => block.trim().split('\n'))];
  });

function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) silence(child);
}

/** Parses a line as the command line does, without running it; rejects for unknown commands, options and arguments. */
async function parse(line: string): Promise<void> {
  const program = buildProgram();
  loadCommands(program);
  silence(program);
  const [name, ...words] = line.split(' ');
  if (name !== 'audit-snapshot') throw new Error(`not a command of this product: ${line}`);
  await program.parseAsync(['node', name, ...words]);
}

test.each(RUNBOOKS)(
  'every command of the runbook "%s" is one that this version accepts',
  async (_heading, lines) => {
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) await expect(parse(line)).resolves.toBeUndefined();
  },
);

test.each(['audit-snapshot retry --lots', 'audit-snapshot resto', 'audit-snapshot cancel'])(
  'a runbook with the command "%s" would be noticed',
  async (line) => {
    await expect(parse(line)).rejects.toThrow(/unknown|missing/);
  },
);
