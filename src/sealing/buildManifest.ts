import { loadDigest } from '../evidence/logDigest';
import type { Manifest } from '../evidence/manifest';
import { MAX_LISTED_FINDINGS } from '../evidence/limits';
import { emptyRange, mergeRanges, parseRange, rootOf, serializeRange } from '../tlog/merkle';
import { snapshotOrigin } from '../evidence/objectKeys';
import { vkeyOf } from '../tlog/note';
import { SnapshotError } from '../errors';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import { readResumePoint } from './resumePoint';
import type { SealingDeps } from './deps';

/** The manifest of a snapshot whose chunk list is fixed. All of it is stored state, so it is the same at any time. */
export async function buildManifest(
  deps: SealingDeps,
  row: SnapshotRow,
  chunks: readonly ChunkRow[],
): Promise<Manifest> {
  const { snapshotId, origin } = row;
  const { hash } = await readResumePoint(deps, row);
  const range = chunks.reduce((whole, chunk) => {
    const end = chunk.begin + chunk.chunk.count;
    return mergeRanges(whole, parseRange({ begin: chunk.begin, end, hashes: chunk.nodes }));
  }, emptyRange(0));
  if (JSON.stringify(serializeRange(range)) !== JSON.stringify(hash.range)) {
    const message = `the chunks of ${snapshotId} do not add up to its checkpoint; its rows were altered`;
    throw new SnapshotError('SNAPSHOT_CONFLICT', message);
  }
  const publicKey = Buffer.from(row.publicKey, 'base64');
  return {
    format: 'audit-snapshot/v1',
    origin,
    snapshotId,
    jobId: row.jobId,
    window: row.window,
    recordCount: range.end,
    root: rootOf(range).toString('base64'),
    logHashDigest: (await loadDigest(hash.digestState)).hex(),
    logHashScheme: row.hashScheme,
    findings: sumFindings(chunks),
    late: {
      recordCount: chunks.reduce((sum, chunk) => sum + chunk.lateCount, 0),
      snapshots: row.overlaps.map((overlap) => overlap.snapshotId).toSorted(),
    },
    chunks: chunks.map(({ chunk, begin, first, last, nodes }) => ({
      index: chunk.index,
      key: chunk.key,
      versionId: chunk.versionId,
      bytes: chunk.sizeBytes,
      sha256: chunk.sha256,
      count: chunk.count,
      begin,
      first,
      last,
      nodes: [...nodes],
    })),
    retention: { mode: 'COMPLIANCE', until: row.retainUntil },
    key: {
      version: row.keyVersion,
      publicKey: row.publicKey,
      vkey: vkeyOf(snapshotOrigin(origin, snapshotId), publicKey),
    },
    openedAt: row.openedAt,
    software: row.software,
  };
}

function sumFindings(chunks: readonly ChunkRow[]): Manifest['findings'] {
  const counts = { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 };
  for (const { findingCounts } of chunks) {
    counts['hash-mismatch'] += findingCounts['hash-mismatch'];
    counts['hash-missing'] += findingCounts['hash-missing'];
    counts['hash-repeated'] += findingCounts['hash-repeated'];
  }
  const records = chunks.flatMap(({ findings }) => findings).slice(0, MAX_LISTED_FINDINGS);
  return { counts, records };
}
