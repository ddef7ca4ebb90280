import type { Command } from 'commander';
import { randomBytes, randomInt } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { SnapshotError } from '../../errors';
import { MAX_CHECKPOINT_BYTES, MAX_PROOF_FILE_BYTES } from '../../evidence/limits';
import type { EvidenceReport } from '../../verify/verifyEvidence';
import { verifyEvidenceSince } from '../../verify/verifyEvidenceSince';
import { ScanThreads } from '../../verify/scanThreads';
import { verifyProof } from '../../verify/verifyProof';
import { action } from '../action';
import { hasColors } from '../colors';
import { checkDrift, describeDrift, withLiveLog } from '../driftCheck';
import {
  ledgerError,
  locateEvidence,
  openLedger,
  readPinnedKeys,
  readTrust,
  verifySource,
  type EvidenceSource,
} from '../evidenceSource';
import {
  addWindowOptions,
  collect,
  example,
  jsonOption,
  parseCount,
  parsePercent,
  type JsonOption,
  type WindowOptions,
} from '../options';
import type { Output } from '../output';
import { showProgress } from '../progress';
import { readLocalFile } from '../readLocalFile';
import { readWindow } from '../readWindow';
import {
  describeChecked,
  describeConclusion,
  describeLedger,
  describeProof,
  describeReport,
  exitCodeOfVerdict,
} from '../reportText';

interface VerifyOptions extends JsonOption, WindowOptions {
  readonly key?: string;
  readonly origin?: string;
  readonly checkpoint?: readonly string[];
  readonly live?: boolean;
  /** Percent of the chunks. */
  readonly sample?: number;
  /** A kept checkpoint. */
  readonly since?: string;
  readonly recheck?: number;
  readonly seed?: string;
  /** Where to keep the checkpoint of a verified ledger. */
  readonly keep?: string;
  readonly maxErrors: number;
}

/** Earlier snapshots that are verified again. */
const DEFAULT_RECHECK = 5;

/** `verify`: checks evidence. Exit code: 0 verified, 3 invalid, 4 incomplete or key not pinned. */
export function define(command: Command): void {
  addWindowOptions(command, {
    first: 'start of the log time that must be covered without a gap',
    last: 'end of this log time, inclusive',
  })
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
      '--since <file>',
      'checkpoint that --keep wrote: verify what is new since then, and that the ledger still begins with it',
    )
    .option(
      '--recheck <n>',
      `with --since: how many of the earlier snapshots to verify again (default: ${DEFAULT_RECHECK})`,
      parseCount,
    )
    .option('--seed <text>', 'with --since: chooses the same earlier snapshots again (default: at random)')
    .option('--keep <file>', 'after VERIFIED, write the checkpoint of the ledger to this file')
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
    : options.since === undefined
      ? verifyEvidenceOf(target, options, output)
      : verifySinceKept(target, options.since, options, output);
}

/** Verifies what is new since a kept checkpoint. */
async function verifySinceKept(
  target: string | undefined,
  since: string,
  options: VerifyOptions,
  output: Output,
): Promise<number> {
  const { key, json = false, maxErrors, recheck = DEFAULT_RECHECK } = options;
  if (key === undefined) throw new SnapshotError('USAGE_INVALID', '--since needs --key trust.json');
  const source = await locateEvidence(target);
  checkSinceUsage(source, options);
  const color = hasColors();
  const show = (text: string) => {
    if (!json) output.result(text);
  };
  using display = showProgress();
  await using scanner = new ScanThreads();
  const { report, checkpoint } = await verifyEvidenceSince(source.reader, {
    scanner,
    trust: await readPinnedKeys(key, options.origin),
    kept: await readLocalFile(since, MAX_CHECKPOINT_BYTES),
    recheck,
    seed: options.seed ?? randomBytes(8).toString('hex'),
    knownCheckpoints: await readCheckpoints(options.checkpoint ?? []),
    maxFailures: maxErrors,
    onLedger: (ledgerReport) => show(describeLedger(ledgerReport, color)),
    onSnapshot: (snapshot) => show(describeReport(snapshot, color)),
    onProgress: (_snapshotId, done, total) => display.update('verifying', done, total),
  });
  await keepCheckpoint(report, checkpoint, options, output);
  if (json) output.result(JSON.stringify({ ...report, drift: null }));
  else output.result(describeConclusion(report, color));
  return exitCodeOfVerdict(report.verdict);
}

function checkSinceUsage({ snapshotIds }: EvidenceSource, options: VerifyOptions): void {
  const { live, sample, from, to, day } = options;
  const other = live === true ? '--live' : sample === undefined ? undefined : '--sample';
  const refused =
    other ?? ([from, to, day].every((given) => given === undefined) ? undefined : '--from, --to and --day');
  if (refused !== undefined)
    throw new SnapshotError(
      'USAGE_INVALID',
      `--since does not go with ${refused}, which needs all snapshots`,
    );
  if (snapshotIds)
    throw new SnapshotError('USAGE_INVALID', '--since verifies the bucket or a directory, not one snapshot');
}

/** Replaces the file in one step: an interrupted command leaves the checkpoint that was kept before. */
async function keepCheckpoint(
  { verdict }: EvidenceReport,
  checkpoint: Buffer | undefined,
  { keep }: VerifyOptions,
  output: Output,
): Promise<void> {
  if (keep === undefined) return;
  if (verdict !== 'VERIFIED' || checkpoint === undefined)
    return output.note(`${keep} was not written: the verdict is ${verdict}`);
  await writeFile(`${keep}.part`, checkpoint);
  await rename(`${keep}.part`, keep);
  output.note(`wrote ${keep}; keep it where nobody who can write to the bucket can change it`);
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
  await keepCheckpoint(report, ledger?.checkpoint, options, output);
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

function checkUsage(target: string | undefined, { key, live, recheck, seed }: VerifyOptions): void {
  if (recheck !== undefined || seed !== undefined)
    throw new SnapshotError('USAGE_INVALID', '--recheck and --seed go with --since');
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
