import { Command } from 'commander';
import { addLazyCommand, loadCommands } from '../../../src/cli/lazyCommand';

function programWith(run: (word: string) => void): {
  program: Command;
  loads: () => number;
  help: () => string;
} {
  const written: string[] = [];
  let loads = 0;
  const program = new Command('program')
    .exitOverride()
    .configureOutput({ writeOut: (text) => written.push(text) });
  addLazyCommand(program, 'say', 'print a word', () => {
    loads++;
    return {
      define: (command) => void command.argument('<word>').option('--loud', 'in capitals').action(run),
    };
  });
  return { program, loads: () => loads, help: () => written.join('') };
}

test('a command is loaded when it is parsed, with its arguments and options', async () => {
  const run = jest.fn();
  const { program, loads } = programWith(run);
  await program.parseAsync(['say', 'hello', '--loud'], { from: 'user' });
  expect(run).toHaveBeenCalledWith('hello', { loud: true }, expect.any(Command));
  expect(loads()).toBe(1);
});

test.each([[['say', '--help']], [['help', 'say']]])(
  '%j prints the options of the loaded command',
  async (args) => {
    const { program, help } = programWith(() => undefined);
    await expect(program.parseAsync(args, { from: 'user' })).rejects.toMatchObject({ exitCode: 0 });
    expect(help()).toContain('program say [options] <word>');
    expect(help()).toContain('--loud');
  },
);

test('the help of the program shows the summary of a command and does not load it', async () => {
  const { program, loads, help } = programWith(() => undefined);
  await expect(program.parseAsync(['--help'], { from: 'user' })).rejects.toMatchObject({ exitCode: 0 });
  expect(help()).toContain('print a word');
  expect(loads()).toBe(0);
});

test('loading all commands loads each once, and the commands below them', () => {
  const { program, loads } = programWith(() => undefined);
  addLazyCommand(program, 'group', 'a group of commands', () => ({
    define: (group) =>
      addLazyCommand(group, 'leaf', 'a command of the group', () => ({
        define: (leaf) => void leaf.description('the leaf is loaded'),
      })),
  }));
  loadCommands(program);
  loadCommands(program);
  expect(loads()).toBe(1);
  expect(program.commands[1]?.commands[0]?.description()).toBe('the leaf is loaded');
});
