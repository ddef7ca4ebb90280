import { stat } from 'node:fs/promises';
import { connectObjectStore } from '../storage/minioObjectStore';
import { readStorageConfig } from '../config';
import { SNAPSHOT_ID } from '../contract/names';
import { SnapshotError, messageOf } from '../errors';
import { MAX_TRUST_FILE_BYTES } from '../evidence/limits';
import { publicKeyOfPem } from '../tlog/ed25519';
import type { EvidenceReader } from '../verify/evidenceReader';
import { parseVkey } from '../tlog/note';
import { parseTrustFile, type TrustFile } from '../evidence/trustFile';
import { bucketReader, directoryReader } from '../verify/evidenceReaders';
import { readLocalFile } from './readLocalFile';
import { listObjects, snapshotIdsOf } from '../verify/listObjects';

/** Where evidence lies, and which snapshots it is asked about. */
export interface EvidenceSource {
  readonly reader: EvidenceReader;
  /** Snapshots that lie in a directory; a bucket's are named by its ledger. */
  readonly found: readonly string[];
  readonly snapshotIds?: readonly string[];
  /** Every object of a directory. */
  readonly listed?: readonly string[];
}

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
  return bucketReader(connectObjectStore(readStorageConfig()));
}

/** Reads a trust file, or a single public key as PEM or vkey. USAGE_INVALID names the path. */
export async function readPinnedKeys(path: string): Promise<TrustFile | { readonly publicKey: Buffer }> {
  try {
    const bytes = await readLocalFile(path, MAX_TRUST_FILE_BYTES);
    const text = bytes.toString('utf8').trim();
    if (text.startsWith('-----BEGIN PUBLIC KEY-----')) return { publicKey: publicKeyOfPem(text) };
    if (/^\S+\+[0-9a-f]{8}\+\S+$/.test(text)) return { publicKey: parseVkey(text).publicKey };
    return parseTrustFile(bytes);
  } catch (error) {
    const message = `the key file cannot be used: ${messageOf(error)} [path=${path}]`;
    throw new SnapshotError('USAGE_INVALID', message, { cause: error });
  }
}

/** A trust file, where a single key is not enough because nothing names its origin. */
export async function readTrust(path: string): Promise<TrustFile> {
  const trust = await readPinnedKeys(path);
  if ('keys' in trust) return trust;
  throw new SnapshotError('USAGE_INVALID', `a trust file is needed here, not a single key [path=${path}]`);
}
