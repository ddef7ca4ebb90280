import { Argument, type Command } from 'commander';
import { action } from '../action';
import { completionScript, SHELLS, type Shell } from '../completionScript';
import { loadCommands } from '../lazyCommand';
import { example } from '../options';
import { EXIT, type Output } from '../output';

/** `completion`: a script that is made of what the program knows about itself, so every command is loaded for it. */
export function define(command: Command): void {
  command
    .description('print a script that completes commands, options and their values in your shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      example(
        'audit-snapshot completion bash > ~/.local/share/bash-completion/completions/audit-snapshot',
        'source <(audit-snapshot completion zsh)',
        'audit-snapshot completion fish > ~/.config/fish/completions/audit-snapshot.fish',
      ),
    )
    .action(
      action((shell: Shell, _options: object, output: Output) => {
        const program = command.parent ?? command;
        loadCommands(program);
        output.result(completionScript(program, shell).trimEnd());
        return EXIT.ok;
      }),
    );
}
