import type { Command } from 'commander';
import { constants, existsSync, statSync } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SnapshotError, messageOf } from '../../errors';
import { coverageOf } from '../../verify/coverage';
import { headlineOf } from '../../verify/report';
import { SOFTWARE } from '../../version';
import { action } from '../action';
import { hasColors } from '../colors';
import { checkDrift, withLiveLog } from '../driftCheck';
import { ledgerError, locateEvidence, openLedger, readTrust, verifySource } from '../evidenceSource';
import {
  addWindowOptions,
  example,
  jsonOption,
  keyOption,
  type JsonOption,
  type WindowOptions,
} from '../options';
import type { Output } from '../output';
import { readWindow } from '../readWindow';
import { questionsOfPage, renderReport } from '../reportHtml';
import { reportKeysOf } from '../reportKeys';
import { describeConclusion, exitCodeOfVerdict } from '../reportText';

interface ReportOptions extends JsonOption, WindowOptions {
  readonly key: string;
  readonly out: string;
  readonly live?: boolean;
}

const MAX_FAILURES = 200;

/** `report`: verifies, and writes an HTML page about it. The exit code is that of `verify`. */
export function define(command: Command): void {
  addWindowOptions(command, {
    first: 'start of the log time that must be covered without a gap',
    last: 'end of this log time, inclusive',
  })
    .description('verify a directory, or the whole bucket, and write one HTML page for auditors')
    .argument('[directory]')
    .addOption(keyOption())
    .option('--out <file>', 'file to write', 'report.html')
    .option('--live', 'whole bucket only: also compare the log in MongoDB with the evidence')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot report --key trust.json --out report.html'))
    .action(action(report));
}

async function report(target: string | undefined, options: ReportOptions, output: Output): Promise<number> {
  const { out, live = false, json = false } = options;
  if (live && target !== undefined)
    throw new SnapshotError('USAGE_INVALID', '--live compares the whole bucket: name no directory');
  await requireWritable(out);
  const source = await locateEvidence(target);
  const trust = await readTrust(options.key);
  const within = readWindow(options);
  const { report: verified, ledger } = await verifySource(source, {
    trust,
    ...(within ? { within } : {}),
    maxFailures: MAX_FAILURES,
  });
  if (live && !ledger) throw ledgerError(verified.ledger);
  const drift =
    live && ledger
      ? await checkDrift(ledger, () => openLedger(source, options.key), options.key, within)
      : null;
  const concluded = drift ? withLiveLog(verified, drift) : verified;

  const entries = ledger?.entries ?? [];
  const spans = coverageOf(entries, within);
  const questions = questionsOfPage({ report: concluded, spans });
  const verdict = headlineOf(questions);
  await writeFile(
    out,
    renderReport({
      report: concluded,
      spans,
      windows: new Map(entries.map(({ snapshotId, window }) => [snapshotId, window])),
      keys: reportKeysOf(trust),
      drift,
      generatedAt: new Date().toISOString(),
      checkedBy: SOFTWARE,
    }),
  );
  output.result(
    json
      ? JSON.stringify({ verdict, questions, notes: concluded.notes, out })
      : `wrote ${out}\n${describeConclusion({ ...concluded, questions, verdict }, hasColors())}`,
  );
  return exitCodeOfVerdict(verdict);
}

/** Tried before the work, which may take hours. USAGE_INVALID. */
async function requireWritable(file: string): Promise<void> {
  const directory = dirname(resolve(file));
  try {
    await access(existsSync(file) ? file : directory, constants.W_OK);
    if (!existsSync(file) || statSync(file).isFile()) return;
  } catch (error) {
    throw new SnapshotError('USAGE_INVALID', `--out cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new SnapshotError('USAGE_INVALID', `--out is not a file: ${file}`);
}
