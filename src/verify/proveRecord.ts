import { SnapshotError } from '../errors';
import { splitRecords } from '../evidence/bsonStream';
import { MAX_UNPACKED_BYTES, unpackChunk } from '../evidence/chunk';
import type { EvidenceReader } from './evidenceReader';
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from '../evidence/manifest';
import { HASH_BYTES, leafHash, subtreeSizes } from '../tlog/merkle';
import { proveConsistency, proveInclusion, sourceOf, type KnownSubtree } from '../tlog/proof';
import { manifestKey, snapshotCheckpointKey } from '../evidence/objectKeys';
import type { Ledger } from './verifyLedger';
import { readRecord } from '../evidence/recordBytes';
import { serializeProof } from '../evidence/recordProof';
import { formatTlogProof } from '../tlog/tlogProof';
import { decodeBase64 } from '../tlog/base64';

const MAX_CHECKPOINT_BYTES = 1 << 16;

/**
 * The proof file of one record of a snapshot. Reads the manifest and chunks until the record is met.
 * EVIDENCE_INCOMPLETE when the record, or the snapshot in the ledger, is not there.
 */
export async function proveRecord(
  reader: EvidenceReader,
  ledger: Ledger,
  { snapshotId, recordId }: { readonly snapshotId: string; readonly recordId: string },
): Promise<Buffer> {
  const ledgerIndex = ledger.indexOf.get(snapshotId);
  if (ledgerIndex === undefined) throw incomplete(`the ledger does not name ${snapshotId}`);
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  const checkpoint = await reader.read(snapshotCheckpointKey(snapshotId), undefined, MAX_CHECKPOINT_BYTES);
  if (!body || !checkpoint) throw incomplete(`manifest or checkpoint of ${snapshotId} is missing`);
  const manifest = parseManifest(body);
  for (const chunk of manifest.chunks) {
    const stored = await reader.read(chunk.key, chunk.versionId, MAX_UNPACKED_BYTES);
    if (!stored) throw incomplete(`a chunk is missing [key=${chunk.key}]`);
    const records = [...splitRecords(await unpackChunk(stored))];
    const place = records.findIndex((record) => readRecord(record).id === recordId);
    if (place < 0) continue;
    const source = sourceOf(knownOf(manifest, chunk.index, records));
    const index = chunk.begin + place;
    const path = proveInclusion(source, index, manifest.recordCount);
    return serializeProof({
      record: records[place]!.toString('base64'),
      recordProof: formatTlogProof({ index, path, checkpoint }),
      entry: ledger.bytes[ledgerIndex]!.toString('base64'),
      ledgerProof: proveEntry(ledger, ledgerIndex),
    });
  }
  throw incomplete(`${snapshotId} holds no record ${recordId}`);
}

/** Inclusion of one entry under the ledger's checkpoint, as tlog-proof text. */
function proveEntry(ledger: Ledger, index: number): string {
  const path = proveInclusion(leavesOf(ledger), index, ledger.size);
  return formatTlogProof({ index, path, checkpoint: ledger.checkpoint });
}

/** Proof that the ledger of `later` entries continues the one of `earlier`, both within its size. */
export function proveLedgerConsistency(ledger: Ledger, earlier: number, later: number): Buffer[] {
  return proveConsistency(leavesOf(ledger), earlier, later);
}

function leavesOf({ leaves }: Ledger) {
  return sourceOf(leaves.map((hash, begin) => ({ begin, size: 1, hash })));
}

/** The leaves of one chunk, and of all others the nodes that the manifest gives. */
function knownOf({ chunks }: Manifest, index: number, records: readonly Buffer[]): KnownSubtree[] {
  return chunks.flatMap(({ index: other, begin, count, nodes }) => {
    if (other === index)
      return records.map((record, place) => ({ begin: begin + place, size: 1, hash: leafHash(record) }));
    let at = begin;
    return subtreeSizes(begin, begin + count).map((size, place) => {
      const known = { begin: at, size, hash: decodeBase64(nodes[place]!, HASH_BYTES) };
      at += size;
      return known;
    });
  });
}

function incomplete(what: string): SnapshotError {
  return new SnapshotError('EVIDENCE_INCOMPLETE', what);
}
