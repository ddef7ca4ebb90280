import { stat } from 'node:fs/promises';
import { SnapshotError, messageOf } from '../errors';
import { MAX_TRUST_FILE_BYTES } from '../evidence/limits';
import { parseTrustFile, type TrustFile } from '../evidence/trustFile';
import { publicKeyOfPem } from '../tlog/ed25519';
import { parseVkey } from '../tlog/note';
import type { EvidenceReader } from '../verify/evidenceReader';
import { bucketReader, directoryReader } from '../verify/evidenceReaders';
import type { PinnedKey } from '../verify/chooseTrust';
import { listObjects, snapshotIdsOf } from '../verify/listObjects';
import {
  verifyEvidence,
  type EvidenceOptions,
  type EvidenceReport,
  type VerifiedEvidence,
} from '../verify/verifyEvidence';
import { ScanThreads } from '../verify/scanThreads';
import { verifyLedger, type Ledger } from '../verify/verifyLedger';
import { openObjectStore } from './connections/objectStore';
import { showProgress } from './progress';
import { readLocalFile } from './readLocalFile';
import { describeLedger } from './reportText';

/** Where evidence is read from, and which snapshots are asked for. */
export interface EvidenceSource {
  readonly reader: EvidenceReader;
  /** Snapshots that a directory holds; those of a bucket are named by its ledger. */
  readonly found: readonly string[];
  readonly snapshotIds?: readonly string[];
  /** Every object of a directory. */
  readonly listed?: readonly string[];
}

const SNAPSHOT_ID = /^snap-[a-z0-9][a-z0-9-]{0,63}$/;

/** A directory, a snapshot in the bucket, or the whole bucket when nothing is named. USAGE_INVALID for anything else. */
export async function locateEvidence(target: string | undefined): Promise<EvidenceSource> {
  if (target === undefined) return { reader: bucket(), found: [] };
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory()) {
    const listed = await listObjects(target);
    return { reader: directoryReader(target), found: snapshotIdsOf(target, listed), listed };
  }
  if (SNAPSHOT_ID.test(target)) return { reader: bucket(), found: [], snapshotIds: [target] };
  const message = `neither a directory, nor a snapshot id (snap-…), nor a proof (.json): ${target}`;
  throw new SnapshotError('USAGE_INVALID', message);
}

function bucket(): EvidenceReader {
  return bucketReader(openObjectStore());
}

/**
 * Reads a trust file, or a single public key as PEM or vkey. `origin` is the name of the log, which a PEM does not have;
 * a trust file or a vkey must have the same one. USAGE_INVALID names the path.
 */
export async function readPinnedKeys(path: string, origin?: string): Promise<TrustFile | PinnedKey> {
  const pinned = await readKeyFile(path);
  if (origin === undefined || pinned.origin === origin) return pinned;
  if (pinned.origin === undefined) return { ...pinned, origin };
  const message = `the key file is for ${pinned.origin}, not for ${origin}: leave out --origin, or give another key file [path=${path}]`;
  throw new SnapshotError('USAGE_INVALID', message);
}

async function readKeyFile(path: string): Promise<TrustFile | PinnedKey> {
  try {
    const bytes = await readLocalFile(path, MAX_TRUST_FILE_BYTES);
    const text = bytes.toString('utf8').trim();
    if (text.startsWith('-----BEGIN PUBLIC KEY-----')) return { publicKey: publicKeyOfPem(text) };
    if (/^\S+\+[0-9a-f]{8}\+\S+$/.test(text)) return pinnedVkey(text);
    return parseTrustFile(bytes);
  } catch (error) {
    const message = `the key file cannot be used: ${messageOf(error)} [path=${path}]`;
    throw new SnapshotError('USAGE_INVALID', message, { cause: error });
  }
}

/** The name of a verifier key is the origin. */
function pinnedVkey(text: string): PinnedKey {
  const { name: origin, publicKey } = parseVkey(text);
  return { origin, publicKey };
}

/** A trust file, where a single key is not enough because it does not name its origin. USAGE_INVALID. */
export async function readTrust(path: string): Promise<TrustFile> {
  const trust = await readPinnedKeys(path);
  if ('keys' in trust) return trust;
  throw new SnapshotError('USAGE_INVALID', `a trust file is needed here, not a single key [path=${path}]`);
}

/** The ledger of a source, verified with pinned keys; EVIDENCE_INVALID or EVIDENCE_INCOMPLETE says what is wrong with it. */
export async function openLedger({ reader }: EvidenceSource, keyPath: string): Promise<Ledger> {
  const { report, ledger } = await verifyLedger(reader, { trust: await readTrust(keyPath), key: 'pinned' });
  if (ledger && report.verdict === 'VERIFIED') return ledger;
  throw ledgerError(report);
}

/** The error for a ledger that cannot be relied on. */
export function ledgerError(report: EvidenceReport['ledger']): SnapshotError {
  const code = report.verdict === 'INCOMPLETE' ? 'EVIDENCE_INCOMPLETE' : 'EVIDENCE_INVALID';
  return new SnapshotError(code, `the ledger does not verify\n${describeLedger(report, false)}`);
}

/** Verifies the evidence of a source and shows its progress on stderr. */
export async function verifySource(
  source: EvidenceSource,
  options: Omit<EvidenceOptions, keyof EvidenceSource | 'scanner' | 'onProgress'>,
): Promise<VerifiedEvidence> {
  using display = showProgress();
  await using scanner = new ScanThreads();
  return await verifyEvidence(source.reader, {
    ...source,
    ...options,
    scanner,
    onProgress: (_snapshotId, done, total) => display.update('verifying', done, total),
  });
}
