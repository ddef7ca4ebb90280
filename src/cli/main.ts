#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT, printError, PROCESS_OUTPUT } from './output';
import { buildProgram } from './program';

// Whoever reads the output may stop reading (`| head`): that ends the command, and is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

buildProgram()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Commander has said it; asking for help is no error.
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    printError(PROCESS_OUTPUT, error, false);
    process.exitCode = EXIT.error;
  });
