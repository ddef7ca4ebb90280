import { readFile, stat } from 'node:fs/promises';
import { connectObjectStore } from '../adapters/minioObjectStore';
import { readStorageConfig } from '../config';
import { SnapshotError, messageOf } from '../errors';
import { parseTrustFile, type TrustFile } from '../evidence/trust';
import type { EvidenceReader } from '../evidence/evidenceReader';
import { verifySnapshot } from '../evidence/verifySnapshot';
import { bucketReader, directoryReader } from './evidenceReaders';
import { findSnapshotIds } from './findSnapshotIds';
import { exitCodeOfVerdict, describeReport } from './printReport';
import { showProgress } from './progressLine';
import { EXIT, type Output } from './output';

export interface VerifyOptions {
  readonly key?: string;
  readonly maxErrors?: number;
  readonly json?: boolean;
}

const SNAPSHOT_ID = /^snap-[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * Verifies a snapshot straight from the bucket, or every snapshot in an exported directory. The worst verdict decides the
 * exit code: 0 verified, 3 invalid, 4 incomplete or unpinned.
 */
export async function verify(target: string, options: VerifyOptions, output: Output): Promise<number> {
  const trust = options.key === undefined ? undefined : await readTrust(options.key);
  const { reader, snapshotIds } = await locate(target);
  const color = process.stdout.isTTY && process.stdout.hasColors();
  let worst: number = EXIT.ok;
  for (const snapshotId of snapshotIds) {
    const display = showProgress(process.stderr);
    const report = await verifySnapshot(reader, {
      snapshotId,
      trust,
      maxFailures: options.maxErrors ?? 20,
      onProgress: (done, total) => display.update('verifying', done, total),
    });
    display.end();
    output.result(options.json === true ? JSON.stringify(report) : describeReport(report, color));
    const code = exitCodeOfVerdict(report.verdict);
    // Invalid outweighs incomplete, whichever comes first.
    if (worst === EXIT.ok || code === EXIT.invalid) worst = code;
  }
  return worst;
}

async function readTrust(path: string): Promise<TrustFile> {
  try {
    return parseTrustFile(await readFile(path));
  } catch (error) {
    throw new SnapshotError(
      'USAGE_INVALID',
      `the trust file cannot be used: ${messageOf(error)} [path=${path}]`,
      { cause: error },
    );
  }
}

async function locate(target: string): Promise<{ reader: EvidenceReader; snapshotIds: readonly string[] }> {
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory())
    return { reader: directoryReader(target), snapshotIds: await findSnapshotIds(target) };
  if (SNAPSHOT_ID.test(target)) {
    return { reader: bucketReader(connectObjectStore(readStorageConfig())), snapshotIds: [target] };
  }
  throw new SnapshotError('USAGE_INVALID', `neither a directory nor a snapshot id (snap-…): ${target}`);
}
