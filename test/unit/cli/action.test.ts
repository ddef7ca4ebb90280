import { Command } from 'commander';
import { action } from '../../../src/cli/action';
import type { Output } from '../../../src/cli/output';
import { SnapshotError } from '../../../src/errors';

/** Runs a command with `--json` that ends as `run` does; returns its exit code and what it printed. */
async function runAction(
  args: readonly string[],
  run: (word: string, options: object, output: Output) => number,
) {
  const stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const command = new Command().argument('<word>').option('--json', 'as JSON').action(action(run));
  await command.parseAsync(args, { from: 'user' });
  const { exitCode } = process;
  const printed = [stdout, stderr].map(({ mock }) => mock.calls.map(([text]) => String(text)).join(''));
  return { exitCode, stdout: printed[0]!, stderr: printed[1]! };
}

afterEach(() => {
  process.exitCode = undefined;
  jest.restoreAllMocks();
});

test('a command gets its arguments, its options and its output, and returns the exit code', async () => {
  const ended = await runAction(['hello'], (word, options, output) => {
    output.result(`${word} ${JSON.stringify(options)}`);
    return 6;
  });
  expect(ended).toEqual({ exitCode: 6, stdout: 'hello {}\n', stderr: '' });
});

test('the file of --config is in force when a command below the program runs', async () => {
  const { AUDIT_SNAPSHOT_CONFIG: before } = process.env;
  const run = jest.fn(() => Number(process.env['AUDIT_SNAPSHOT_CONFIG'] === '/etc/audit.toml'));
  const program = new Command().option('--config <file>', 'settings');
  program.command('group').command('leaf').action(action(run));
  await program.parseAsync(['group', 'leaf', '--config', '/etc/audit.toml'], { from: 'user' });
  expect(process.exitCode).toBe(1);
  if (before === undefined) delete process.env['AUDIT_SNAPSHOT_CONFIG'];
  else process.env['AUDIT_SNAPSHOT_CONFIG'] = before;
});

test.each([
  [['a'], '', 'error [SIGNER_UNAUTHORIZED]: refused\n'],
  [['a', '--json'], '{"error":{"code":"SIGNER_UNAUTHORIZED","message":"refused"}}\n', ''],
])('an error of %j is printed once, with the exit code of its kind', async (args, stdout, stderr) => {
  const ended = await runAction(args, () => {
    throw new SnapshotError('SIGNER_UNAUTHORIZED', 'refused');
  });
  expect(ended).toEqual({ exitCode: 5, stdout, stderr });
});
