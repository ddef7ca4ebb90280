import { Command } from 'commander';
import { version } from '../../package.json';
import { addHanding } from './commands/handing';
import { addKeeping } from './commands/keeping';
import { addOperating } from './commands/operating';
import { addScheduling } from './commands/scheduling';
import { addSealing } from './commands/sealing';
import { addTrying } from './commands/trying';
import { addVerifying } from './commands/verifying';

const EXIT_CODES =
  'Exit codes: 0 done or verified, 1 error, 2 usage, 3 invalid evidence, 4 incomplete evidence or key not pinned, 5 access refused.';

/** The whole command line, not parsed yet. What a command needs is loaded when it runs, so that `--help` costs nothing. */
export function buildProgram(): Command {
  const program = new Command('audit-snapshot')
    .description('Seals an audit log window by window, so that anyone can check that it was not touched.')
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .addHelpText(
      'after',
      `\n${EXIT_CODES}\nServers and credentials come from the environment: docs/operations.md. To look around: audit-snapshot demo`,
    );
  for (const add of [
    addSealing,
    addScheduling,
    addVerifying,
    addHanding,
    addKeeping,
    addOperating,
    addTrying,
  ])
    add(program);
  return program;
}
