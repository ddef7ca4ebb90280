import { z } from 'zod';
import { malformed } from '../tlog/malformed';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';

/** A record of 16 MiB in base64, two proofs and a ledger entry. */
export const MAX_PROOF_FILE_BYTES = 24 * 1024 * 1024;

const proofFile = z.strictObject({
  record: z.string(),
  recordProof: z.string(),
  entry: z.string(),
  ledgerProof: z.string(),
});

/** What proves one record; docs/format.md, "Proof of a record". */
export type ProofFile = z.infer<typeof proofFile>;

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
