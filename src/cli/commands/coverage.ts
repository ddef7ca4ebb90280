import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { coverageOf, type CoverageSpan } from '../../verify/coverage';
import { action } from '../action';
import { drawCoverage } from '../coverageSvg';
import { locateEvidence, openLedger } from '../evidenceSource';
import { dirOption, example, jsonOption, keyOption, type JsonOption, type WindowOptions } from '../options';
import { EXIT, type Output } from '../output';
import { readWindow } from '../readWindow';

interface CoverageOptions extends JsonOption, WindowOptions {
  readonly key: string;
  readonly dir?: string;
  readonly svg?: string;
}

/** `coverage`: the log time that the ledger covers. Exit code 4 when a span is missing. */
export function define(command: Command): void {
  command
    .description('show which log time is sealed, empty or missing, according to the ledger')
    .addOption(keyOption())
    .addOption(dirOption())
    .option('--from <instant>', 'with --to: start of the log time to show')
    .option('--to <instant>', 'end of the log time to show, inclusive')
    .option('--svg <file>', 'also write the coverage as an SVG picture to this file')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot coverage --key trust.json --svg coverage.svg'))
    .action(action(coverage));
}

async function coverage(options: CoverageOptions, output: Output): Promise<number> {
  const { origin, size, entries } = await openLedger(await locateEvidence(options.dir), options.key);
  const spans = coverageOf(entries, readWindow(options));
  if (options.svg !== undefined) await writeFile(options.svg, drawCoverage(spans));
  const counts = new Map(entries.map(({ snapshotId, recordCount }) => [snapshotId, recordCount]));
  output.result(
    options.json === true
      ? JSON.stringify({ origin, ledgerSize: size, spans })
      : spans.map((span) => describeSpan(span, counts)).join('\n') || 'nothing is sealed yet',
  );
  return spans.some(({ state }) => state === 'missing') ? EXIT.incomplete : EXIT.ok;
}

function describeSpan(
  { from, to, state, snapshots: [first, ...others] }: CoverageSpan,
  counts: ReadonlyMap<string, number>,
): string {
  const recordsOf = (snapshotId: string) => counts.get(snapshotId) ?? 0;
  const late = others
    .filter((snapshotId) => recordsOf(snapshotId) > 0)
    .map((snapshotId) => `, ${recordsOf(snapshotId)} in ${snapshotId} (late, or overlapping)`);
  const content = first === undefined ? '' : `${recordsOf(first)} records in ${first}${late.join('')}`;
  return `${from} → ${to}  ${state.padEnd(7)}  ${content}`.trimEnd();
}
