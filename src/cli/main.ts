#!/usr/bin/env node
/**
 * The command line of audit-snapshot. This file parses the arguments; `program.ts` is the list of commands, and each
 * command is one file below `commands/`, with its help, options, examples and run together. What several commands share
 * is beside this file: `connections/` opens servers by the configuration, `output.ts` says where results go and which
 * exit code an error has. Nothing imports from here; the commands `demo` and `stack` alone use `dev/`.
 */
import { CommanderError } from 'commander';
import { EXIT, printError, PROCESS_OUTPUT } from './output';
import { SnapshotError } from '../errors';
import { buildProgram } from './program';

// A reader of the output may close it early (`| head`): that ends the command, and is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

buildProgram()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Commander has printed it for people; asking for help is not an error.
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      if (process.exitCode !== EXIT.ok && process.argv.includes('--json'))
        printError(PROCESS_OUTPUT, usageError(error), true);
      return;
    }
    printError(PROCESS_OUTPUT, error, false);
    process.exitCode = EXIT.error;
  });

function usageError({ message }: CommanderError): SnapshotError {
  return new SnapshotError('USAGE_INVALID', message.replace(/^error: /, ''));
}
