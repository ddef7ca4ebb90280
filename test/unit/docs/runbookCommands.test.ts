import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadCommands } from '../../../src/cli/lazyCommand';
import { buildProgram } from '../../../src/cli/program';
import { fillCommand, runbookSections } from '../../harness/runbook';

const RUNBOOKS = runbookSections().map(({ heading, commands }): [string, readonly string[]] => [
  heading,
  commands,
]);
const EXAMPLES = {
  jobId: '65f0c0ffee65f0c0ffee65f0',
  from: '2026-03-01T00:00:00Z',
  to: '2026-03-01T23:59:59.999Z',
  version: '3',
  size: '1200',
  snapshotId: 'snap-65f0c0ffee65f0c0ffee65f0',
  recordId: '697d3a000000000000000001',
};
const TESTS = join(__dirname, '../../integration');

/** Headings of the sections that a test opens, by file; only files that require every command to be run. */
function executedSections(): readonly string[] {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(TESTS, file), 'utf8'))
    .filter((text) => text.includes('expect(runbook.unused).toEqual([])'))
    .flatMap((text) =>
      [...text.matchAll(/new Runbook\(\s*'([^']+)',?\s*\)/g)].map(([, heading]) => heading!),
    );
}

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
  const [name, ...words] = fillCommand(line, EXAMPLES).split(' ');
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

test('every runbook is executed by an integration test, which requires each of its commands to be run', () => {
  const executed = new Set(executedSections());
  expect(RUNBOOKS.map(([heading]) => heading).filter((heading) => !executed.has(heading))).toEqual([]);
});

test.each(['audit-snapshot retry --lots', 'audit-snapshot resto', 'audit-snapshot cancel'])(
  'a runbook with the command "%s" would be noticed',
  async (line) => {
    await expect(parse(line)).rejects.toThrow(/unknown|missing/);
  },
);
