import { boundsOf } from '../contract/window';
import { MAX_CHUNK_BYTES } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import type { EvidenceReader } from './evidenceReader';
import { FINGERPRINT_SALT } from './idFingerprint';
import type { LateWindows } from './lateWindows';
import type { ChunkScanner, ScannedRecords } from './scanChunk';

/** A chunk that was read and scanned, before anything of it is judged. */
export interface FetchedChunk {
  /** Undefined when there is none. */
  readonly stored: Buffer | undefined;
  /** Hex SHA-256 of the stored bytes. */
  readonly digest: string;
  readonly scanned: ScannedRecords | undefined;
}

/** Reads a chunk and scans its records. Depends on no other chunk, so that several can be fetched at once. STORAGE_*. */
export async function fetchChunk(
  reader: EvidenceReader,
  scanner: ChunkScanner,
  { window, source, logHashScheme: scheme }: Manifest,
  { key, versionId, sha256, count, begin }: Manifest['chunks'][number],
  late: LateWindows | undefined,
): Promise<FetchedChunk> {
  const stored = await reader.read(key, versionId, MAX_CHUNK_BYTES);
  if (!stored) return { stored, digest: '', scanned: undefined };
  const { sha256: digest, records: scanned } = await scanner.scan({
    stored,
    sha256,
    count,
    begin,
    bounds: boundsOf(window),
    members: source.members,
    scheme,
    lateSpans: late?.spans ?? [],
    salt: FINGERPRINT_SALT,
  });
  return { stored, digest, scanned };
}
