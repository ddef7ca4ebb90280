import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES, MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey, snapshotCheckpointKey } from '../evidence/objectKeys';
import { readRecord } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import { namedMembers, serializeProof } from '../evidence/recordProof';
import { decodeBase64 } from '../tlog/base64';
import { HASH_BYTES, leafHash, subtreeSizes } from '../tlog/merkle';
import {
  formatTlogProof,
  leafSource,
  proveConsistency,
  proveInclusion,
  subtreeSource,
  type KnownSubtree,
} from '../tlog/proof';
import { sha256Hex } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';
import { readChunk } from './readChunk';
import type { Ledger } from './verifyLedger';

/**
 * The proof file of one record of a snapshot. Reads the manifest, and chunks until it finds the record. EVIDENCE_INCOMPLETE
 * when the record, the snapshot in the ledger, or an object of the snapshot does not exist; EVIDENCE_INVALID when the
 * manifest is not the one that the ledger names, or a chunk is not the one that the manifest names.
 */
export async function proveRecord(
  reader: EvidenceReader,
  ledger: Ledger,
  { snapshotId, recordId }: { readonly snapshotId: string; readonly recordId: string },
): Promise<Buffer> {
  const ledgerIndex = ledger.indexOf.get(snapshotId);
  const entry = ledgerIndex === undefined ? undefined : ledger.bytes[ledgerIndex];
  if (ledgerIndex === undefined || !entry) throw incomplete(`the ledger does not name ${snapshotId}`);
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  const checkpoint = await reader.read(snapshotCheckpointKey(snapshotId), undefined, MAX_CHECKPOINT_BYTES);
  if (!body || !checkpoint) throw incomplete(`manifest or checkpoint of ${snapshotId} is missing`);

  if (sha256Hex(body) !== ledger.entries[ledgerIndex]?.manifestSha256)
    throw new SnapshotError('EVIDENCE_INVALID', `the ledger names another manifest of ${snapshotId}`);
  const manifest = parseManifest(body);
  const { record, index, known } = await findRecord(reader, manifest, recordId);
  const path = proveInclusion(subtreeSource(known), index, manifest.recordCount);
  return serializeProof({
    record: record.toString('base64'),
    recordProof: formatTlogProof({ index, path, checkpoint }),
    entry: entry.toString('base64'),
    ledgerProof: proveEntry(ledger, ledgerIndex),
    ...namedMembers(manifest.source.members),
  });
}

/** The record, its index in the snapshot, and the hashes that are known once its chunk is read. */
async function findRecord(
  reader: EvidenceReader,
  manifest: Manifest,
  recordId: string,
): Promise<{ record: Buffer; index: number; known: readonly KnownSubtree[] }> {
  for (const chunk of manifest.chunks) {
    const records = await readChunk(reader, chunk);
    const offset = records.findIndex((record) => isNamed(record, manifest, recordId));
    const record = records[offset];
    if (record)
      return { record, index: chunk.begin + offset, known: knownOf(manifest, chunk.index, records) };
  }
  throw incomplete(`${manifest.snapshotId} holds no record ${recordId}`);
}

/** A record has its whole id, and the one that evidence lists. */
function isNamed(record: Buffer, { source }: Manifest, recordId: string): boolean {
  const { id } = readRecord(record, source.members);
  return id === recordId || listedId(id) === recordId;
}

/** The leaves of one chunk, and for all others the nodes that the manifest lists. */
function knownOf({ chunks }: Manifest, chunkIndex: number, records: readonly Buffer[]): KnownSubtree[] {
  return chunks.flatMap(({ index, begin, count, nodes }) => {
    if (index === chunkIndex)
      return records.map((record, offset) => ({ begin: begin + offset, size: 1, hash: leafHash(record) }));
    let at = begin;
    return subtreeSizes(begin, begin + count).map((size, node) => {
      const subtree = { begin: at, size, hash: decodeBase64(nodes[node]!, HASH_BYTES) };
      at += size;
      return subtree;
    });
  });
}

/** Inclusion of one entry in the ledger, as tlog-proof text. */
function proveEntry({ leaves, size, checkpoint }: Ledger, index: number): string {
  return formatTlogProof({ index, path: proveInclusion(leafSource(leaves), index, size), checkpoint });
}

/** Proof that the ledger of `later` entries extends the one of `earlier`, both within its size. */
export function proveLedgerConsistency({ leaves }: Ledger, earlier: number, later: number): Buffer[] {
  return proveConsistency(leafSource(leaves), earlier, later);
}

function incomplete(what: string): SnapshotError {
  return new SnapshotError('EVIDENCE_INCOMPLETE', what);
}
