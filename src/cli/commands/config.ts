import type { Command } from 'commander';
import {
  readDatabaseConfig,
  readJobServiceConfig,
  readLogLevel,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
  readWorkerConfig,
} from '../../config';
import { describeSettings, type Setting } from '../../config/describeSettings';
import { SnapshotError } from '../../errors';
import { action } from '../action';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { renderTable } from '../table';

/** `config`: the configuration, without reaching a server. */
export function define(command: Command): void {
  command.description('show or check the settings and their sources');
  command
    .command('show')
    .description('print every setting; for a secret, print only whether it is set')
    .option('--sources', 'also print where each value comes from')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot config show --sources'))
    .action(action(show));
  command
    .command('check')
    .description('test whether the configuration is valid, without contacting a server')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot config check --config /etc/audit-snapshot.toml'))
    .action(action(check));
}

/** CONFIG_INVALID when a file cannot be read. */
function show(
  { sources = false, json = false }: JsonOption & { readonly sources?: boolean },
  output: Output,
): number {
  const settings = describeSettings();
  const columns = sources ? ['setting', 'value', 'from'] : ['setting', 'value'];
  const rows = settings.map((setting) => {
    const row = [setting.name, shownValue(setting)];
    return sources ? [...row, setting.source] : row;
  });
  output.result(json ? JSON.stringify({ settings }) : renderTable(columns, rows));
  return EXIT.ok;
}

function shownValue({ secret, source, value }: Setting): string {
  return secret && source !== 'not set' ? '(set, not shown)' : (value ?? '');
}

/** The parts, and what reads each. Only the job service needs the last one. */
const PARTS: readonly (readonly [part: string, read: () => unknown])[] = [
  ['database', readDatabaseConfig],
  ['temporal', readTemporalConfig],
  ['vault', readVaultConfig],
  ['storage', readStorageConfig],
  ['sealing', readSealingConfig],
  ['reporting', readReportingConfig],
  ['worker', readWorkerConfig],
  ['logging', readLogLevel],
  ['job service', readJobServiceConfig],
];

/** Exit code 2 when a part is wrong. */
function check({ json = false }: JsonOption, output: Output): number {
  // A file that cannot be read is wrong for every part: this reports it once.
  describeSettings();
  const parts = PARTS.map(([part, read]) => ({ part, ...checkPart(read) }));
  if (json) output.result(JSON.stringify({ parts }));
  else
    for (const { part, state, fault } of parts)
      output.result(`${`[${state}]`.padEnd(7)}${part}${fault === null ? '' : `: ${fault}`}`);
  return parts.some(({ state }) => state === 'fail') ? EXIT.usage : EXIT.ok;
}

function checkPart(read: () => unknown): { state: 'ok' | 'warn' | 'fail'; fault: string | null } {
  try {
    read();
    return { state: 'ok', fault: null };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    // An installation without a job service does not need its keys.
    return { state: read === readJobServiceConfig ? 'warn' : 'fail', fault: error.message };
  }
}
