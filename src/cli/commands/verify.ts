import type { Command } from 'commander';
import { randomInt } from 'node:crypto';
import { SnapshotError } from '../../errors';
import { MAX_CHECKPOINT_BYTES, MAX_PROOF_FILE_BYTES } from '../../evidence/limits';
import { verifyProof } from '../../verify/verifyProof';
import { action } from '../action';
import { checkDrift, describeDrift, withLiveLog } from '../driftCheck';
import {
  ledgerError,
  locateEvidence,
  openLedger,
  readPinnedKeys,
  readTrust,
  verifySource,
} from '../evidenceSource';
import {
  collect,
  example,
  jsonOption,
  parseCount,
  parsePercent,
  type JsonOption,
  type WindowOptions,
} from '../options';
import type { Output } from '../output';
import { readLocalFile } from '../readLocalFile';
import { readWindow } from '../readWindow';
import {
  describeChecked,
  describeConclusion,
  describeLedger,
  describeProof,
  describeReport,
  exitCodeOfVerdict,
  hasColors,
} from '../reportText';

interface VerifyOptions extends JsonOption, WindowOptions {
  readonly key?: string;
  readonly origin?: string;
  readonly checkpoint?: readonly string[];
  readonly live?: boolean;
  /** Percent of the chunks. */
  readonly sample?: number;
  readonly maxErrors: number;
}

/** `verify`: checks evidence. Exit code: 0 verified, 3 invalid, 4 incomplete or key not pinned. */
export function define(command: Command): void {
  command
    .description(
      'verify a snapshot in the bucket, a directory or a proof; without an argument, the whole bucket',
    )
    .argument('[snapshotId | directory | proof.json]')
    .option(
      '--key <file>',
      'the pinned keys (trust.json, PEM or vkey); without them, the verdict is never VERIFIED',
    )
    .option(
      '--origin <name>',
      'name of the log, such as example.com/audit; needed to pin it if --key is a PEM',
    )
    .option('--from <instant>', 'with --to: start of the log time that must be covered without a gap')
    .option('--to <instant>', 'end of this log time, inclusive')
    .option(
      '--checkpoint <file>',
      'file with an earlier ledger checkpoint that the ledger must continue (repeatable)',
      collect,
    )
    .option(
      '--sample <percent>',
      'read only this percentage of the chunks, chosen at random; the verdict is then never VERIFIED',
      parsePercent,
    )
    .option(
      '--live',
      'also compare the log in MongoDB with the evidence, record by record; not possible with an argument',
    )
    .option('--max-errors <n>', 'maximum number of failures to list', parseCount, 20)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot verify --live --key trust.json'))
    .action(action(verify));
}

async function verify(target: string | undefined, options: VerifyOptions, output: Output): Promise<number> {
  return target?.endsWith('.json') === true
    ? verifyProofFile(target, options, output)
    : verifyEvidenceOf(target, options, output);
}

async function verifyEvidenceOf(
  target: string | undefined,
  options: VerifyOptions,
  output: Output,
): Promise<number> {
  const { key, live = false, json = false, maxErrors, sample } = options;
  const source = await locateEvidence(target);
  checkUsage(target, options);
  const within = readWindow(options);
  const color = hasColors();
  const show = (text: string) => {
    if (!json) output.result(text);
  };

  const { report, ledger } = await verifySource(source, {
    trust:
      key === undefined ? undefined : await (live ? readTrust(key) : readPinnedKeys(key, options.origin)),
    ...(within ? { within } : {}),
    knownCheckpoints: await readCheckpoints(options.checkpoint ?? []),
    ...(sample === undefined ? {} : { choose: sampler(sample) }),
    maxFailures: maxErrors,
    onLedger: (ledgerReport) => show(describeLedger(ledgerReport, color)),
    onSnapshot: (snapshot) => show(describeReport(snapshot, color)),
  });
  if (report.coverage) show(describeChecked('log time', report.coverage, color));
  if (report.listing) show(describeChecked('directory', report.listing, color));

  if (live && !ledger) throw ledgerError(report.ledger);
  const drift =
    live && ledger && key !== undefined
      ? await checkDrift(ledger, () => openLedger(source, key), key, within)
      : null;
  if (drift) show(describeDrift(drift, maxErrors));

  const concluded = drift ? withLiveLog(report, drift) : report;
  if (json) output.result(JSON.stringify({ ...concluded, drift }));
  else output.result(describeConclusion(concluded, color));
  return exitCodeOfVerdict(concluded.verdict);
}

function checkUsage(target: string | undefined, { key, live }: VerifyOptions): void {
  if (target === undefined && key === undefined)
    throw new SnapshotError('USAGE_INVALID', 'the whole bucket is verified with --key trust.json only');
  if (live === true && target !== undefined) {
    const message = '--live compares the whole bucket: name no snapshot, but --from and --to';
    throw new SnapshotError('USAGE_INVALID', message);
  }
}

function readCheckpoints(paths: readonly string[]): Promise<readonly Buffer[]> {
  return Promise.all(paths.map((path) => readLocalFile(path, MAX_CHECKPOINT_BYTES)));
}

/** An unpredictable choice of chunks: an attacker cannot know which ones are not read. */
function sampler(percent: number): () => boolean {
  return () => randomInt(10_000) < percent * 100;
}

async function verifyProofFile(path: string, { key, json }: VerifyOptions, output: Output): Promise<number> {
  if (key === undefined)
    throw new SnapshotError('USAGE_INVALID', 'a proof is verified with --key trust.json only');
  const report = verifyProof(await readLocalFile(path, MAX_PROOF_FILE_BYTES), await readTrust(key));
  output.result(json === true ? JSON.stringify(report) : describeProof(report, hasColors()));
  return exitCodeOfVerdict(report.verdict);
}
