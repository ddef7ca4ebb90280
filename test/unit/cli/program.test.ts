import type { Command } from 'commander';
import { loadCommands } from '../../../src/cli/lazyCommand';
import { buildProgram } from '../../../src/cli/program';

function loadedProgram(): Command {
  const program = buildProgram();
  loadCommands(program);
  return program;
}

/** Every command that does something, by its full name. */
function leavesOf(command: Command, path = ''): [string, Command][] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((child) => leavesOf(child, `${path} ${child.name()}`.trim()));
}

const LEAVES = leavesOf(loadedProgram());
/** What runs until it is told to stop, or prints something that is not a report. */
const WITHOUT_JSON = ['worker', 'serve', 'cat', 'completion'];

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

test.each(LEAVES)('the command %s describes itself, and shows an example of itself', (path, command) => {
  expect(command.description()).toMatch(/^[a-z].{20,}[^.]$/);
  expect(helpOf(command)).toContain(`audit-snapshot ${path}`);
  expect(helpOf(command)).toContain('Example:');
});

test.each(LEAVES.filter(([path]) => !WITHOUT_JSON.includes(path)))(
  'the command %s has the option --json',
  (_path, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
  },
);

test.each(LEAVES)('the command %s describes each of its options', (_path, command) => {
  for (const { long, description } of command.options)
    expect([long, description]).toEqual([long, expect.stringMatching(/.{3,}/)]);
});

test.each(LEAVES)(
  'the help of %s marks the options without which the command does not run',
  (_path, command) => {
    const required = command.options.filter(
      ({ mandatory, defaultValue }) => mandatory && defaultValue === undefined,
    );
    const help = helpOf(command).replaceAll(/\s+/g, ' ');
    expect(help.match(/\(required\)/g) ?? []).toHaveLength(required.length);
  },
);

test('the help of schedule create names the defaults, and that of schedule update names none', () => {
  const commands = new Map(LEAVES);
  expect(helpOf(commands.get('schedule create')!)).toContain('(default: 5m)');
  expect(helpOf(commands.get('schedule update')!)).not.toContain('default');
});

test('schedule backfill offers only the overlap policies that start every run', () => {
  const { options } = new Map(LEAVES).get('schedule backfill')!;
  const overlap = options.find(({ long }) => long === '--overlap');
  expect(overlap?.argChoices).toEqual(['buffer-all', 'allow-all']);
});

test('the help of the program lists every command with a summary, and the exit codes', () => {
  const help = helpOf(buildProgram());
  for (const command of buildProgram().commands) {
    expect(command.summary()).toMatch(/^[a-zA-Z].{10,}[^.]$/);
    expect(help).toMatch(new RegExp(`^  ${command.name()} +\\S`, 'm'));
  }
  expect(help).toContain('Exit codes: 0 ');
});

test('the help of the program loads no file of a command', () => {
  const program = buildProgram();
  helpOf(program);
  expect(program.commands.filter((command) => command.description() !== '')).toEqual([]);
});
