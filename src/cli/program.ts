import { Command } from 'commander';
import { version } from '../../package.json';
import { addCompleting } from './commands/completing';
import { addConfiguring } from './commands/configuring';
import { addHanding } from './commands/handing';
import { addKeeping } from './commands/keeping';
import { addLooking } from './commands/looking';
import { addOperating } from './commands/operating';
import { addScheduling } from './commands/scheduling';
import { addSealing } from './commands/sealing';
import { addStacking } from './commands/stacking';
import { addTrying } from './commands/trying';
import { addVerifying } from './commands/verifying';

const EXIT_CODES =
  'Exit codes: 0 done or verified, 1 error, 2 usage, 3 invalid evidence, 4 incomplete evidence or key not pinned, 5 access refused, 6 worth attention.';

/** The whole command line, not parsed yet. What a command needs is loaded when it runs, so that `--help` costs nothing. */
export function buildProgram(): Command {
  const program = new Command('audit-snapshot')
    .description('Seals an audit log window by window, so that anyone can check that it was not touched.')
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .option('--config <file>', 'read settings from this TOML file; the environment goes before it')
    .hook('preAction', (root) => {
      const { config } = root.opts<{ config?: string }>();
      if (config === undefined) return;
      const { chooseConfigFile }: typeof import('../config/file') = require('../config/file');
      chooseConfigFile(config);
    })
    .addHelpText(
      'after',
      `\n${EXIT_CODES}\nSettings come from the environment or a file: docs/cli.md. To look around: audit-snapshot demo`,
    );
  for (const add of [
    addSealing,
    addScheduling,
    addLooking,
    addVerifying,
    addHanding,
    addKeeping,
    addOperating,
    addConfiguring,
    addCompleting,
    addTrying,
    addStacking,
  ])
    add(program);
  return program;
}
