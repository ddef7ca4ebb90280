import type { Command } from 'commander';
import { exitCodeOf, printError, PROCESS_OUTPUT, type Output } from './output';

/**
 * The action of a command. `run` gets the arguments and options that commander parsed, then where to write, and returns
 * the exit code. Its error is printed once, as JSON with `--json`, and sets the exit code that belongs to it.
 */
export function action<Given extends readonly unknown[]>(
  run: (...args: [...Given, Output]) => number | Promise<number>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...given) => {
    // Commander appends the command itself to arguments and options.
    const command = given.at(-1) as Command;
    const args = given.slice(0, -1) as unknown as Given;
    try {
      process.exitCode = await run(...args, PROCESS_OUTPUT);
    } catch (error) {
      printError(PROCESS_OUTPUT, error, command.opts<{ json?: boolean }>().json === true);
      process.exitCode = exitCodeOf(error);
    }
  };
}
