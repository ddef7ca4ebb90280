import { readRecord } from '../evidence/recordBytes';
import type { RecordMembers } from '../evidence/recordMembers';
import { sha256Hex } from '../tlog/sha256';
import { readMark, type SealMark } from './drift';

/** A record of the live log, reduced to what the comparison needs. */
export interface LiveRecord {
  readonly id: string;
  /** Hex SHA-256 of its bytes without the mark. */
  readonly digest: string;
  readonly timestamps: readonly number[];
  readonly mark: SealMark;
  /** The document as the database has it; it is not kept. */
  readonly document: Buffer;
}

/** Reads a live document. EVIDENCE_MALFORMED when its bytes are not a BSON document. */
export function readLive(document: Uint8Array, members: RecordMembers): LiveRecord {
  const own = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
  const { id, bytes, timestamps } = readRecord(own, members);
  return { id, digest: sha256Hex(bytes), timestamps, mark: readMark(own, members), document: own };
}
