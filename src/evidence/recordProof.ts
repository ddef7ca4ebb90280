import { z } from 'zod';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { MAX_PROOF_FILE_BYTES } from './limits';
import { AUDIT_LOG, type RecordMembers } from './recordMembers';
import { memberName, parseWith } from './schemas';

const proofFile = z.strictObject({
  /** Record bytes, base64. */
  record: z.string(),
  /** Inclusion of the record in its snapshot, as tlog-proof text. */
  recordProof: z.string(),
  /** The ledger entry of the snapshot, base64. */
  entry: z.string(),
  /** Inclusion of the entry in the ledger, as tlog-proof text. */
  ledgerProof: z.string(),
  /** Names of the members of the record, where they are not the default ones. */
  members: z
    .strictObject({ time: memberName, hash: memberName, immutable: memberName, snapshotId: memberName })
    .refine((names) => !hasDefaultNames(names) && new Set(Object.values(names)).size === 4)
    .optional(),
});

/** What proves one record, without its snapshot and without the ledger; docs/format.md, "Proof of a record". */
export type ProofFile = z.infer<typeof proofFile>;

/** Canonical JSON of a proof file. */
export function serializeProof(proof: ProofFile): Buffer {
  return canonicalJson(proof);
}

/** The `members` of a proof file: none for the default names, so that a proof has one form. */
export function namedMembers(members: RecordMembers): Pick<ProofFile, 'members'> {
  return hasDefaultNames(members) ? {} : { members };
}

/** The names of the members of the record. No signature covers them. */
export function membersOf({ members }: ProofFile): RecordMembers {
  return members ?? AUDIT_LOG.members;
}

function hasDefaultNames({ time, hash, immutable, snapshotId }: RecordMembers): boolean {
  const own = AUDIT_LOG.members;
  return (
    time === own.time && hash === own.hash && immutable === own.immutable && snapshotId === own.snapshotId
  );
}

/** Reads a proof file strictly. EVIDENCE_MALFORMED. */
export function parseProof(bytes: Uint8Array): ProofFile {
  return parseWith(proofFile, parseCanonicalJson(bytes, MAX_PROOF_FILE_BYTES), 'proof');
}
