import { boundsOf, formatInstant } from '../contract/window';
import { SnapshotError, isSnapshotError, malformed, messageOf } from '../errors';
import { UNKNOWN_KEY } from '../evidence/keyStanding';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { snapshotOrigin } from '../evidence/objectKeys';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import { positionOf } from '../evidence/recordOrder';
import { membersOf, parseProof, type ProofFile } from '../evidence/recordProof';
import type { TrustFile } from '../evidence/trustFile';
import { decodeBase64 } from '../tlog/base64';
import { PUBLIC_KEY_BYTES } from '../tlog/ed25519';
import { leafHash } from '../tlog/merkle';
import { openCheckpoint, parseCheckpoint, parseNote, type Checkpoint } from '../tlog/note';
import { parseTlogProof, rootOfInclusion } from '../tlog/proof';
import { unknownKeyIds } from './openHead';
import { verifyProofKeys, type FollowedProof } from './proofKeys';
import { PROOF_LAYERS, ReportBuilder, type Checked } from './report';

/** What a proof is about. It counts only when the verdict is VERIFIED. */
interface ProofSubject {
  readonly recordId: string | null;
  readonly snapshotId: string | null;
  /** Index of the record in its snapshot, and of the snapshot in the ledger. */
  readonly recordIndex: number | null;
  readonly ledgerIndex: number | null;
  readonly window: LedgerEntry['window'] | null;
}

/** Report on a proof file. */
export interface ProofReport extends ProofSubject, Checked {}

const NO_SUBJECT: ProofSubject = {
  recordId: null,
  snapshotId: null,
  recordIndex: null,
  ledgerIndex: null,
  window: null,
};

/** Verifies record → snapshot checkpoint → ledger entry → ledger checkpoint, from the file and the trust file alone. */
export function verifyProof(bytes: Uint8Array, trust: TrustFile): ProofReport {
  const report = new ReportBuilder();
  const subject = verifySubject(report, bytes, trust);
  return { ...subject, ...report.finish('pinned', PROOF_LAYERS, PROOF_LAYERS) };
}

function verifySubject(report: ReportBuilder, bytes: Uint8Array, trust: TrustFile): ProofSubject {
  const file = attempt(report, 'record', 'a proof file', () => parseProof(bytes));
  if (!file) return NO_SUBJECT;
  const record = attempt(report, 'record', 'record bytes', () => openRecord(file));
  const entry = attempt(report, 'ledger entry', 'a ledger entry', () => parseEntry(decodeBase64(file.entry)));
  if (!record || !entry) return NO_SUBJECT;

  const { snapshotId, window } = entry;
  verifyTime(report, record, entry);
  const inSnapshot = attempt(report, 'record proof', `inclusion in ${snapshotId}`, () =>
    verifyInSnapshot(file, record, entry, trust),
  );
  const inLedger = attempt(report, 'ledger proof', `inclusion in the ledger of ${trust.origin}`, () =>
    verifyInLedger(file, trust),
  );
  if (inSnapshot && inLedger) verifyProofKeys(report, entry, inSnapshot, inLedger);
  return {
    recordId: listedId(record.id),
    snapshotId,
    recordIndex: inSnapshot?.index ?? null,
    ledgerIndex: inLedger?.index ?? null,
    window,
  };
}

/** Runs one step: its result counts for the layer, and what it throws is the failure of the layer. */
function attempt<T>(
  report: ReportBuilder,
  layer: (typeof PROOF_LAYERS)[number],
  expected: string,
  run: () => T,
): T | undefined {
  try {
    const value = run();
    report.pass(layer);
    return value;
  } catch (error) {
    if (isSnapshotError(error, 'EVIDENCE_INCOMPLETE'))
      report.missing(layer, layer, UNKNOWN_KEY, error.message);
    else report.invalid(layer, layer, expected, messageOf(error));
    return undefined;
  }
}

function openRecord(file: ProofFile): RecordView {
  const bytes = decodeBase64(file.record);
  const record = readRecord(bytes, membersOf(file));
  if (!record.bytes.equals(bytes)) throw malformed('record bytes hold sealing members');
  return record;
}

/** A snapshot holds only records of its window. */
function verifyTime(report: ReportBuilder, record: RecordView, { snapshotId, window }: LedgerEntry): void {
  if (positionOf(record, boundsOf(window))) return;
  const object = `record ${listedId(record.id)}`;
  const found = record.timeMs === undefined ? 'no time' : formatInstant(record.timeMs);
  report.invalid('record', object, `a time in ${window.from} → ${window.to} of ${snapshotId}`, found);
}

/** The proof of the record in the snapshot whose checkpoint the ledger entry describes. */
function verifyInSnapshot(
  file: ProofFile,
  record: RecordView,
  entry: LedgerEntry,
  trust: TrustFile,
): FollowedProof {
  const name = snapshotOrigin(trust.origin, entry.snapshotId);
  const proof = followProof(file.recordProof, leafHash(record.bytes), name, trust);
  if (proof.size !== entry.recordCount || proof.head.root.toString('base64') !== entry.root)
    throw malformed('the snapshot checkpoint is not the one that the ledger entry names');
  return proof;
}

/** The proof of the entry in the ledger. */
function verifyInLedger(file: ProofFile, trust: TrustFile): FollowedProof {
  return followProof(file.ledgerProof, leafHash(decodeBase64(file.entry)), trust.origin, trust);
}

/** Opens the checkpoint in a proof, and follows the proof from the leaf to its root. */
function followProof(
  text: string,
  leaf: Buffer,
  name: string,
  trust: TrustFile,
): FollowedProof & { readonly head: Checkpoint } {
  const { index, path, checkpoint } = parseTlogProof(text);
  const opened = trust.keys.flatMap((key) => {
    const head = openCheckpoint(checkpoint, name, [decodeBase64(key.publicKey, PUBLIC_KEY_BYTES)]);
    return head ? [{ key, head }] : [];
  });
  const head = opened[0]?.head;
  if (!head) throw unsigned(checkpoint, name, trust);
  if (!rootOfInclusion(leaf, index, head.size, path)?.equals(head.root))
    throw malformed(`the proof does not lead from leaf ${index} to the signed root`);
  return { index, size: head.size, keys: opened.map(({ key }) => key), head };
}

/** EVIDENCE_INCOMPLETE when only keys that the trust file does not have signed the checkpoint, otherwise EVIDENCE_MALFORMED. */
function unsigned(checkpoint: Buffer, name: string, { keys }: TrustFile): SnapshotError {
  const ids = unknownKeyIds(checkpoint, name, keys);
  return ids && parseCheckpoint(parseNote(checkpoint).text).origin === name
    ? new SnapshotError('EVIDENCE_INCOMPLETE', `a signature for ${name} by key id ${ids.join(', ')}`)
    : malformed(`its checkpoint is not signed for ${name} by a key of the trust file`);
}
