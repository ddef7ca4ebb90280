import type { Window } from '../contract/window';
import { randomInt } from 'node:crypto';
import { SnapshotError } from '../errors';
import { verifyEvidence } from '../verify/verifyEvidence';
import { verifyProof } from '../verify/verifyProof';
import { MAX_CHECKPOINT_BYTES, MAX_PROOF_FILE_BYTES } from '../evidence/limits';
import { readLocalFile } from './readLocalFile';
import { readWindow } from './readWindow';
import { locateEvidence, readPinnedKeys, readTrust } from './evidenceSource';
import {
  describeChecked,
  describeLedger,
  describeProof,
  describeReport,
  describeVerdict,
  exitCodeOfVerdict,
} from './printReport';
import { describeLive, verifyLive } from './verifyLive';
import { showProgress } from './progressLine';
import type { Output } from './output';

export interface VerifyOptions {
  readonly key?: string;
  readonly from?: string;
  readonly to?: string;
  readonly checkpoint?: readonly string[];
  readonly live?: boolean;
  /** Percent of the chunks. */
  readonly sample?: number;
  readonly maxErrors?: number;
  readonly json?: boolean;
}

/**
 * Verifies a proof, a directory, a snapshot in the bucket, or the whole bucket. Exit code: 0 verified, 3 invalid,
 * 4 incomplete or key not pinned.
 */
export async function verify(
  target: string | undefined,
  options: VerifyOptions,
  output: Output,
): Promise<number> {
  if (target?.endsWith('.json')) return verifyProofFile(target, options, output);
  const place = await locateEvidence(target);
  if (target === undefined && options.key === undefined)
    throw new SnapshotError('USAGE_INVALID', 'the whole bucket is verified with --key trust.json only');
  if (options.live === true && target !== undefined)
    throw new SnapshotError(
      'USAGE_INVALID',
      '--live compares the whole bucket: name no snapshot, but --from and --to',
    );
  const within = readWindow(options);
  const knownCheckpoints = await Promise.all(
    (options.checkpoint ?? []).map((path) => readLocalFile(path, MAX_CHECKPOINT_BYTES)),
  );
  const color = process.stdout.isTTY && process.stdout.hasColors();
  const show = (text: string) => {
    if (options.json !== true) output.result(text);
  };
  const display = showProgress(process.stderr);
  const { report } = await verifyEvidence(place.reader, {
    ...place,
    trust: options.key === undefined ? undefined : await readPinnedKeys(options.key),
    ...(within ? { within } : {}),
    knownCheckpoints,
    ...(options.sample === undefined ? {} : { choose: sampler(options.sample) }),
    maxFailures: options.maxErrors ?? 20,
    onLedger: (ledger) => show(describeLedger(ledger, color)),
    onSnapshot: (snapshot) => show(describeReport(snapshot, color)),
    onProgress: (_snapshotId, done, total) => display.update('verifying', done, total),
  });
  display.end();
  if (report.coverage) show(describeChecked('log time', report.coverage, color));
  if (report.listing) show(describeChecked('directory', report.listing, color));
  const live = await compareLive(options, within);
  if (live) show(describeLive(live, options.maxErrors ?? 20));
  const verdict = live && live.found > 0 ? 'NOT VERIFIED' : report.verdict;
  if (options.json === true) output.result(JSON.stringify({ ...report, verdict, live: live ?? null }));
  else show(describeVerdict({ ...report, verdict }, color));
  return exitCodeOfVerdict(verdict);
}

/** A choice that nobody can foresee: whoever tampers must reckon with every chunk. */
function sampler(percent: number): () => boolean {
  return () => randomInt(10_000) < percent * 100;
}

async function compareLive(options: VerifyOptions, within: Window | undefined) {
  return options.live === true && options.key !== undefined ? verifyLive(options.key, within) : undefined;
}

async function verifyProofFile(path: string, options: VerifyOptions, output: Output): Promise<number> {
  if (options.key === undefined)
    throw new SnapshotError('USAGE_INVALID', 'a proof is verified with --key trust.json only');
  const report = verifyProof(await readLocalFile(path, MAX_PROOF_FILE_BYTES), await readTrust(options.key));
  const color = process.stdout.isTTY && process.stdout.hasColors();
  output.result(options.json === true ? JSON.stringify(report) : describeProof(report, color));
  return exitCodeOfVerdict(report.verdict);
}
