import { z } from 'zod';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { MAX_PROOF_FILE_BYTES } from './limits';
import { parseWith } from './schemas';

const proofFile = z.strictObject({
  /** Record bytes, base64. */
  record: z.string(),
  /** Inclusion of the record in its snapshot, as tlog-proof text. */
  recordProof: z.string(),
  /** The ledger entry of the snapshot, base64. */
  entry: z.string(),
  /** Inclusion of the entry in the ledger, as tlog-proof text. */
  ledgerProof: z.string(),
});

/** What proves one record, without its snapshot and without the ledger; docs/format.md, "Proof of a record". */
export type ProofFile = z.infer<typeof proofFile>;

/** Canonical JSON of a proof file. */
export function serializeProof(proof: ProofFile): Buffer {
  return canonicalJson(proof);
}

/** Reads a proof file strictly. EVIDENCE_MALFORMED. */
export function parseProof(bytes: Uint8Array): ProofFile {
  return parseWith(proofFile, parseCanonicalJson(bytes, MAX_PROOF_FILE_BYTES), 'proof');
}
