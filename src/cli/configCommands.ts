import { describeSettings } from '../config/describeSettings';
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
} from '../config';
import { messageOf, SnapshotError } from '../errors';
import { EXIT, type Output } from './output';
import { renderTable } from './table';

export interface ConfigOptions {
  readonly origin?: boolean;
  readonly json?: boolean;
}

/** Prints every setting in force; secrets are never shown. CONFIG_INVALID when a file cannot be read. */
export function showConfig({ origin = false, json = false }: ConfigOptions, output: Output): number {
  const settings = describeSettings();
  if (json) {
    output.result(JSON.stringify({ settings }));
    return EXIT.ok;
  }
  const rows = settings.map(({ name, value, secret, origin: from }) => {
    const shown = secret && from !== 'not set' ? '(set, not shown)' : (value ?? '');
    return origin ? [name, shown, from] : [name, shown];
  });
  output.result(renderTable(origin ? ['setting', 'value', 'from'] : ['setting', 'value'], rows));
  return EXIT.ok;
}

/** What reads which part; the job service alone needs the last one. */
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

/** Reads every part of the configuration without reaching a server. Exit code 2 when a part is wrong. */
export function checkConfig({ json = false }: ConfigOptions, output: Output): number {
  // What is wrong with a file is wrong with every part; it is said once.
  describeSettings();
  const parts = PARTS.map(([part, read]) => {
    try {
      read();
      return { part, state: 'ok' as const, fault: null };
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      // Whoever does not run the job service has no use for its keys.
      const state = read === readJobServiceConfig ? ('warn' as const) : ('fail' as const);
      return { part, state, fault: messageOf(error) };
    }
  });
  if (json) output.result(JSON.stringify({ parts }));
  else
    for (const { part, state, fault } of parts)
      output.result(`${`[${state}]`.padEnd(7)}${part}${fault === null ? '' : `: ${fault}`}`);
  return parts.some(({ state }) => state === 'fail') ? EXIT.usage : EXIT.ok;
}
