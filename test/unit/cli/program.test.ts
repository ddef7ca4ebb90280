import type { Command } from 'commander';
import { buildProgram } from '../../../src/cli/program';

/** Every command that does something, by its full name. */
function leavesOf(command: Command, path = ''): [string, Command][] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((child) => leavesOf(child, `${path} ${child.name()}`.trim()));
}

const LEAVES = leavesOf(buildProgram());
/** What runs until it is told to stop, or prints something that is no report. */
const WITHOUT_JSON = ['worker', 'serve', 'cat', 'completion'];

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('the command line', () => {
  test.each(LEAVES)('%s says what it does, and shows an example of itself', (path, command) => {
    expect(command.description()).toMatch(/^[a-z].{20,}[^.]$/);
    expect(helpOf(command)).toContain(`audit-snapshot ${path}`);
    expect(helpOf(command)).toContain('Example:');
  });

  test.each(LEAVES.filter(([path]) => !WITHOUT_JSON.includes(path)))('%s has --json', (_path, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
  });

  test.each(LEAVES)('%s describes every option', (_path, command) => {
    for (const { long, description } of command.options)
      expect([long, description]).toEqual([long, expect.stringMatching(/.{3,}/)]);
  });

  test('the help shows every command in a group', () => {
    const help = helpOf(buildProgram());
    for (const { name } of buildProgram().commands.map((command) => ({ name: command.name() })))
      expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(help).toContain('Exit codes: 0 ');
  });
});
