import { canonicalJson } from '../evidence/canonicalJson';
import { loadDigest } from '../evidence/logDigest';
import { MAX_LISTED_FINDINGS, MAX_MANIFEST_BYTES } from '../evidence/limits';
import { serializeManifest, type Manifest } from '../evidence/manifest';
import { snapshotOrigin } from '../evidence/objectKeys';
import { noFindings } from '../evidence/recordFinding';
import { SnapshotError, isSnapshotError } from '../errors';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import {
  emptyRange,
  mergeRanges,
  parseRange,
  rootOf,
  serializeRange,
  type MerkleRange,
} from '../tlog/merkle';
import { vkeyOf } from '../tlog/note';
import type { SealingDeps } from './deps';
import { latenessOf } from './lateness';
import { readResumePoint } from './resumePoint';

/**
 * The manifest of a snapshot whose chunk list is fixed. All of it is stored state, so every attempt builds the same one.
 * SNAPSHOT_CONFLICT when the rows of the chunks do not lead to the hashes of the snapshot.
 */
export async function buildManifest(
  deps: SealingDeps,
  row: SnapshotRow,
  chunks: readonly ChunkRow[],
): Promise<Manifest> {
  const { snapshotId, origin, jobId, source, window, openedAt, timestamp, software } = row;
  const { hash } = await readResumePoint(deps, row);
  const range = rangeOf(chunks);
  if (JSON.stringify(serializeRange(range)) !== JSON.stringify(hash.range)) {
    const message = `the chunk rows of ${snapshotId} do not lead to its stored hashes, so they were altered; restore the snapshot's rows, then run the job again`;
    throw new SnapshotError('SNAPSHOT_CONFLICT', message);
  }
  return {
    format: 'audit-snapshot/v1',
    origin,
    snapshotId,
    jobId,
    source,
    window,
    recordCount: range.end,
    root: rootOf(range).toString('base64'),
    logHashDigest: (await loadDigest(hash.digestState)).hex(),
    logHashScheme: row.hashScheme,
    findings: sumFindings(chunks),
    late: await latenessOf(deps, row, chunks),
    ...(row.leftOut === null ? {} : { leftOut: row.leftOut }),
    chunks: chunks.map(manifestChunk),
    retention: { mode: 'COMPLIANCE', until: row.retainUntil },
    key: keyOf(row),
    openedAt,
    timestamp,
    software,
  };
}

/**
 * The bytes of a manifest. SNAPSHOT_TOO_LARGE beyond the size that verifiers read, SNAPSHOT_CONFLICT for any other content
 * that they refuse.
 */
export function encodeManifest(manifest: Manifest): Buffer {
  const { snapshotId, chunks } = manifest;
  const { length } = canonicalJson(manifest);
  if (length > MAX_MANIFEST_BYTES) {
    const message = `the manifest of ${snapshotId} with ${chunks.length} chunks has ${length} bytes, more than ${MAX_MANIFEST_BYTES}; nothing was signed, seal shorter windows or larger chunks`;
    throw new SnapshotError('SNAPSHOT_TOO_LARGE', message);
  }
  try {
    return serializeManifest(manifest);
  } catch (cause) {
    if (!isSnapshotError(cause, 'EVIDENCE_MALFORMED')) throw cause;
    const message = `no verifier would accept the manifest of ${snapshotId} (${cause.message}); nothing was signed, compare the snapshot's rows with a backup, then submit a new job`;
    throw new SnapshotError('SNAPSHOT_CONFLICT', message, { cause });
  }
}

function rangeOf(chunks: readonly ChunkRow[]): MerkleRange {
  return chunks.reduce((whole, { begin, chunk, nodes }) => {
    return mergeRanges(whole, parseRange({ begin, end: begin + chunk.count, hashes: nodes }));
  }, emptyRange(0));
}

function manifestChunk({ chunk, begin, first, last, nodes }: ChunkRow): Manifest['chunks'][number] {
  const { index, key, versionId, sizeBytes: bytes, sha256, count } = chunk;
  return { index, key, versionId, bytes, sha256, count, begin, first, last, nodes: [...nodes] };
}

function sumFindings(chunks: readonly ChunkRow[]): Manifest['findings'] {
  const counts = noFindings();
  for (const { findingCounts } of chunks) {
    counts['hash-mismatch'] += findingCounts['hash-mismatch'];
    counts['hash-missing'] += findingCounts['hash-missing'];
    counts['hash-repeated'] += findingCounts['hash-repeated'];
  }
  const records = chunks.flatMap(({ findings }) => findings).slice(0, MAX_LISTED_FINDINGS);
  return { counts, records };
}

function keyOf({ origin, snapshotId, keyVersion, publicKey }: SnapshotRow): Manifest['key'] {
  const vkey = vkeyOf(snapshotOrigin(origin, snapshotId), Buffer.from(publicKey, 'base64'));
  return { version: keyVersion, publicKey, vkey };
}
