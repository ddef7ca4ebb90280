/** Every size limit of evidence, once: what is written stays within them, and what is read is refused beyond them. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** MongoDB stores documents up to 16 MiB; its wire format allows 16 KiB more. */
export const MAX_RECORD_BYTES = 16 * MIB + 16 * KIB;
/** Records of a chunk before compression: a chunk closes at 32 MiB, or holds one larger record. The rest is margin. */
export const MAX_UNPACKED_BYTES = 48 * MIB;
/** A stored chunk. Records that do not compress grow a little, so this is above the limit of what is in it. */
export const MAX_CHUNK_BYTES = 64 * MIB;

/** Records of a chunk. */
export const MAX_CHUNK_RECORDS = 65_536;
/** Chunks of a snapshot. */
export const MAX_CHUNKS = 100_000;
/** Merkle nodes of a chunk: a range has at most two subtrees of each size. */
export const MAX_CHUNK_NODES = 128;
/** Findings that are listed, per chunk and per snapshot; their counts stay exact beyond that. */
export const MAX_LISTED_FINDINGS = 10_000;
/** Enough for 100,000 chunks of records with short ids; larger ones are refused before anything is signed. */
export const MAX_MANIFEST_BYTES = 64 * MIB;

/** A signature has 88 bytes. The limit is larger so that other content under its key is reported, not refused by the reader. */
export const MAX_SIGNATURE_BYTES = 64 * KIB;
/** A checkpoint has about 300 bytes, and about 100 more with each witness. */
export const MAX_CHECKPOINT_BYTES = 64 * KIB;
/** An RFC 3161 response has a few kilobytes with its certificates. */
export const MAX_TIMESTAMP_BYTES = 64 * KIB;

/** Entries of a ledger: more than a snapshot every second for a century. */
export const MAX_LEDGER_SIZE = 2 ** 32;

/** Levels of nesting in canonical JSON. */
export const MAX_JSON_DEPTH = 16;
/** A record of 16 MiB in base64, two inclusion proofs and a ledger entry. */
export const MAX_PROOF_FILE_BYTES = 24 * MIB;
export const MAX_TRUST_FILE_BYTES = MIB;
/** Key versions in a trust file. */
export const MAX_TRUSTED_KEYS = 10_000;
/** Certificates of timestamp authorities in a trust file. */
export const MAX_TIMESTAMP_AUTHORITIES = 100;

/** How far clocks of one installation may differ: a time that evidence states is compared with this allowance. */
export const CLOCK_SKEW_MS = 10 * 60_000;
/**
 * How much earlier than its newest snapshot an object of the ledger may be unlocked: its locks are extended from time to
 * time, not with every snapshot.
 */
export const LEDGER_LOCK_LAG_MS = 7 * 24 * 3_600_000;
