import { decodeBase64 } from './base64';
import { malformed } from './malformed';
import { HASH_BYTES } from './merkle';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** No tree that a safe integer counts is deeper. */
const MAX_PATH = 53;
const MAX_PROOF_BYTES = 1 << 16;

/** Inclusion of one leaf, with the signed checkpoint that it leads to (c2sp.org/tlog-proof). */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: Buffer;
}

export function formatTlogProof({ index, path, checkpoint }: TlogProof): string {
  const lines = [HEADER, `index ${index}`, ...path.map((hash) => hash.toString('base64')), '', ''];
  return lines.join('\n') + checkpoint.toString('utf8');
}

/** Reads a proof in its one spelling; extra data is refused, since nothing signs it. EVIDENCE_MALFORMED. */
export function parseTlogProof(text: string): TlogProof {
  if (Buffer.byteLength(text) > MAX_PROOF_BYTES)
    throw malformed(`proof is larger than ${MAX_PROOF_BYTES} bytes`);
  const end = text.indexOf('\n\n');
  const [header, place = '', ...hashes] = end < 0 ? [] : text.slice(0, end).split('\n');
  if (header !== HEADER) throw malformed(`not a proof: its first line is not ${HEADER}`);
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(place) ?? [];
  const index = Number(digits);
  if (!Number.isSafeInteger(index)) throw malformed('proof has no canonical index');
  if (hashes.length > MAX_PATH) throw malformed('proof is longer than any tree is deep');
  return {
    index,
    path: hashes.map((hash) => decodeBase64(hash, HASH_BYTES)),
    checkpoint: Buffer.from(text.slice(end + 2)),
  };
}
