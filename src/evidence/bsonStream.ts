import { malformed } from './malformed';

/** The largest document MongoDB stores is 16 MiB; its wire format allows 16 KiB more. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024 + 16 * 1024;

/** Splits BSON documents that stand one after the other; views into `bytes`, not copies. EVIDENCE_MALFORMED. */
export function* splitRecords(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at;
    const size = left >= 5 ? bytes.readInt32LE(at) : 0;
    if (size < 5 || size > left || size > MAX_DOCUMENT_BYTES || bytes[at + size - 1] !== 0) {
      throw malformed(`chunk: no BSON document at byte ${at}`);
    }
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
