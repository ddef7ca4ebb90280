import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { coverageOf } from '../../verify/coverage';
import { SOFTWARE } from '../../version';
import { action } from '../action';
import { locateEvidence, readTrust, verifySource } from '../evidenceSource';
import { example, jsonOption, keyOption, type JsonOption, type WindowOptions } from '../options';
import type { Output } from '../output';
import { readWindow } from '../readWindow';
import { renderReport } from '../reportHtml';
import { exitCodeOfVerdict } from '../reportText';

interface ReportOptions extends JsonOption, WindowOptions {
  readonly key: string;
  readonly out: string;
}

const MAX_FAILURES = 200;

/** `report`: verifies, and writes an HTML page about it. The exit code is that of `verify`. */
export function define(command: Command): void {
  command
    .description('verify a directory, or the whole bucket, and write one HTML page for auditors')
    .argument('[directory]')
    .addOption(keyOption())
    .option('--out <file>', 'file to write', 'report.html')
    .option('--from <instant>', 'with --to: start of the log time that must be covered without a gap')
    .option('--to <instant>', 'end of this log time, inclusive')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot report --key trust.json --out report.html'))
    .action(action(report));
}

async function report(target: string | undefined, options: ReportOptions, output: Output): Promise<number> {
  const source = await locateEvidence(target);
  const trust = await readTrust(options.key);
  const within = readWindow(options);
  const { report: verified, ledger } = await verifySource(source, {
    trust,
    ...(within ? { within } : {}),
    maxFailures: MAX_FAILURES,
  });
  const { verdict } = verified;
  const entries = ledger?.entries ?? [];
  const page = renderReport({
    report: verified,
    spans: coverageOf(entries, within),
    windows: new Map(entries.map(({ snapshotId, window }) => [snapshotId, window])),
    generatedAt: new Date().toISOString(),
    checkedBy: SOFTWARE,
  });
  const { out } = options;
  await writeFile(out, page);
  output.result(options.json === true ? JSON.stringify({ verdict, out }) : `wrote ${out}\n${verdict}`);
  return exitCodeOfVerdict(verdict);
}
