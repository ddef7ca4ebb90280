import type { Command } from 'commander';

/** What the file of a command exports: `define` gives the command its help, options and run. */
export interface CommandFile {
  readonly define: (command: Command) => void;
}

const unloaded = new WeakMap<Command, () => CommandFile>();

/**
 * Adds a command by its name and summary alone, which is all that the help of its parent shows. Its file, with all that
 * it imports, is loaded when the command is parsed or its own help is printed.
 */
export function addLazyCommand(
  parent: Command,
  name: string,
  summary: string,
  load: () => CommandFile,
): void {
  const command = parent.command(name).summary(summary);
  unloaded.set(command, load);
  parent.hook('preSubcommand', (_parent, parsed) => {
    if (parsed === command) loadCommand(command);
  });
  // `help <command>` prints the help without parsing the command, so no hook of the parser is called.
  command.addHelpText('before', () => {
    loadCommand(command);
    return '';
  });
}

/** Loads the files of all commands below this one. */
export function loadCommands(parent: Command): void {
  for (const command of parent.commands) {
    loadCommand(command);
    loadCommands(command);
  }
}

/** Loads the file of a command, once; any other command is left as it is. */
function loadCommand(command: Command): void {
  const load = unloaded.get(command);
  unloaded.delete(command);
  load?.().define(command);
}
