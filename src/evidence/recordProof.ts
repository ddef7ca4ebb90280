import { z } from 'zod';
import { messageOf } from '../errors';
import { decodeBase64 } from './base64';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { snapshotOrigin } from './checkpoint';
import { parseEntry, type LedgerEntry } from './ledgerEntry';
import { malformed } from './malformed';
import { leafHash } from './merkle';
import { rootOfInclusion } from './merkleProof';
import { openCheckpoint } from './readLedger';
import { readRecord, type RecordView } from './recordBytes';
import { parseTlogProof } from './tlogProof';
import { pinnedKeys, type TrustFile } from './trust';
import { PROOF_LAYERS, ReportBuilder, type Checked } from './verifyReport';

/** A record of 16 MiB in base64, twice a proof and an entry. */
export const MAX_PROOF_FILE_BYTES = 24 * 1024 * 1024;

const proofFile = z.strictObject({
  record: z.string(),
  recordProof: z.string(),
  entry: z.string(),
  ledgerProof: z.string(),
});

/** What proves one record; docs/format.md, "Proof of a record". */
export type ProofFile = z.infer<typeof proofFile>;

/** Report on a proof; what it says of record and snapshot counts only when it is VERIFIED. */
export interface ProofReport extends Checked {
  readonly recordId: string | null;
  readonly snapshotId: string | null;
  /** Place of the record in its snapshot, and of the snapshot in the ledger. */
  readonly recordIndex: number | null;
  readonly ledgerIndex: number | null;
  readonly window: LedgerEntry['window'] | null;
}

export function serializeProof(proof: ProofFile): Buffer {
  return canonicalJson(proof);
}

/** Reads a proof file strictly. EVIDENCE_MALFORMED. */
export function parseProof(bytes: Uint8Array): ProofFile {
  const parsed = proofFile.safeParse(parseCanonicalJson(bytes, MAX_PROOF_FILE_BYTES));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(`proof: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

/** Verifies record → snapshot checkpoint → ledger checkpoint, from the file and the pinned keys alone. */
export function verifyProof(bytes: Uint8Array, trust: TrustFile): ProofReport {
  const report = new ReportBuilder(20);
  const nothing = { recordId: null, snapshotId: null, recordIndex: null, ledgerIndex: null, window: null };
  const finish = () => report.finish('pinned', PROOF_LAYERS, PROOF_LAYERS);
  const attempt = <T>(
    layer: (typeof PROOF_LAYERS)[number],
    expected: string,
    run: () => T,
  ): T | undefined => {
    try {
      const value = run();
      report.pass(layer);
      return value;
    } catch (error) {
      report.fail({ layer, kind: 'invalid', object: layer, expected, found: messageOf(error) });
      return undefined;
    }
  };
  const file = attempt('record', 'a proof file', () => parseProof(bytes));
  if (!file) return { ...nothing, ...finish() };
  const record = attempt('record', 'record bytes', () => openRecord(file));
  const entry = attempt('ledger entry', 'a ledger entry', () => parseEntry(decodeBase64(file.entry)));
  if (!record || !entry) return { ...nothing, ...finish() };
  const keys = pinnedKeys(trust);
  const inSnapshot = attempt('record proof', `inclusion in ${entry.snapshotId}`, () => {
    const name = snapshotOrigin(trust.origin, entry.snapshotId);
    const { index, head } = openProof(file.recordProof, leafHash(record.bytes), name, keys);
    if (head.size !== entry.recordCount || head.root.toString('base64') !== entry.root)
      throw malformed('the snapshot checkpoint is not the one that the ledger entry names');
    return index;
  });
  const inLedger = attempt('ledger proof', `inclusion in the ledger of ${trust.origin}`, () => {
    return openProof(file.ledgerProof, leafHash(decodeBase64(file.entry)), trust.origin, keys).index;
  });
  const { snapshotId, window } = entry;
  return {
    recordId: record.id,
    snapshotId,
    recordIndex: inSnapshot ?? null,
    ledgerIndex: inLedger ?? null,
    window,
    ...finish(),
  };
}

function openRecord(file: ProofFile): RecordView {
  const bytes = decodeBase64(file.record);
  const record = readRecord(bytes);
  if (!record.bytes.equals(bytes)) throw malformed('record bytes hold sealing members');
  return record;
}

function openProof(text: string, leaf: Buffer, name: string, keys: readonly Buffer[]) {
  const { index, path, checkpoint } = parseTlogProof(text);
  const head = openCheckpoint(checkpoint, name, keys);
  if (!head) throw malformed(`its checkpoint is not signed for ${name} by a key of the trust file`);
  if (!rootOfInclusion(leaf, index, head.size, path)?.equals(head.root))
    throw malformed(`the proof does not lead from leaf ${index} to the signed root`);
  return { index, head };
}
