import { Command } from 'commander';
import { addLazyCommand, loadCommand } from '../../../src/cli/lazyCommand';

function programWith(run: (word: string) => void): {
  program: Command;
  loads: () => number;
  help: () => string;
} {
  const written: string[] = [];
  let loads = 0;
  const program = new Command('program')
    .exitOverride()
    .configureOutput({ writeOut: (text) => written.push(text) })
    .hook('preSubcommand', (_program, command) => loadCommand(command));
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

test('a command that was loaded is not loaded again', () => {
  const { program, loads } = programWith(() => undefined);
  for (const command of [...program.commands, ...program.commands]) loadCommand(command);
  expect(loads()).toBe(1);
});
