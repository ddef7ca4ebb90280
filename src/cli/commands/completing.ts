import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion';
import { EXIT, PROCESS_OUTPUT as output } from '../output';
import { example, finish, GROUPS } from './shell';

/** `completion`. */
export function addCompleting(program: Command): void {
  program.commandsGroup(GROUPS.operating);
  program
    .command('completion')
    .description('print a script that completes commands, options and their values in your shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      example(
        'source <(audit-snapshot completion bash)',
        'audit-snapshot completion fish > ~/.config/fish/completions/audit-snapshot.fish',
      ),
    )
    .action((shell: Shell) =>
      finish(() => {
        output.result(completionScript(program, shell).trimEnd());
        return EXIT.ok;
      }, {}),
    );
}
