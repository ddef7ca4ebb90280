import type { Command } from 'commander';
import { chooseConfigFile } from '../config/file';
import { beQuiet, chosenOutput, exitCodeOf, printError, PROCESS_OUTPUT, type Output } from './output';

interface GlobalOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly quiet?: boolean;
}

/**
 * The action of a command. `run` gets the arguments and options that commander parsed, then where to write, and returns
 * the exit code; the file of `--config` is in force by then. Its error is printed once, as JSON with `--json`, and sets
 * the exit code that belongs to it.
 */
export function action<Given extends readonly unknown[]>(
  run: (...args: [...Given, Output]) => number | Promise<number>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...given) => {
    // Commander appends the command itself to arguments and options.
    const command = given.at(-1) as Command;
    const args = given.slice(0, -1) as unknown as Given;
    const { json = false, config, quiet = false } = command.optsWithGlobals<GlobalOptions>();
    try {
      if (config !== undefined) chooseConfigFile(config);
      if (quiet) beQuiet();
      process.exitCode = await run(...args, chosenOutput());
    } catch (error) {
      printError(PROCESS_OUTPUT, error, json);
      process.exitCode = exitCodeOf(error);
    }
  };
}
