import { messageOf } from '../errors';
import { decodeBase64 } from '../tlog/base64';
import { snapshotOrigin } from '../evidence/objectKeys';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { malformed } from '../tlog/malformed';
import { leafHash } from '../tlog/merkle';
import { rootOfInclusion } from '../tlog/proof';
import { openCheckpoint } from './verifyLedger';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { parseTlogProof } from '../tlog/tlogProof';
import { pinnedKeys, type TrustFile } from '../evidence/trustFile';
import { PROOF_LAYERS, ReportBuilder, type Checked } from './report';
import { parseProof, type ProofFile } from '../evidence/recordProof';

/** Report on a proof; what it says of record and snapshot counts only when it is VERIFIED. */
export interface ProofReport extends Checked {
  readonly recordId: string | null;
  readonly snapshotId: string | null;
  /** Place of the record in its snapshot, and of the snapshot in the ledger. */
  readonly recordIndex: number | null;
  readonly ledgerIndex: number | null;
  readonly window: LedgerEntry['window'] | null;
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
