import { malformed } from '../tlog/malformed';

/** The largest document MongoDB stores is 16 MiB; its wire format allows 16 KiB more. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024 + 16 * 1024;
const MIN_DOCUMENT_BYTES = 5;

/** Splits BSON documents that stand one after the other; views into `bytes`, not copies. EVIDENCE_MALFORMED. */
export function* splitRecords(bytes: Buffer): Generator<Buffer, void, undefined> {
  const rest = yield* wholeRecords(bytes);
  if (rest.length > 0) throw malformed('chunk: its last BSON document is cut off');
}

/** The same for bytes that come block by block; only what is not whole yet is kept. */
export async function* splitBlocks(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of blocks) {
    rest = yield* wholeRecords(rest.length === 0 ? block : Buffer.concat([rest, block]));
  }
  if (rest.length > 0) throw malformed('chunk: its last BSON document is cut off');
}

/** Yields the documents that are there as a whole and returns the rest. */
function* wholeRecords(bytes: Buffer): Generator<Buffer, Buffer, undefined> {
  let at = 0;
  while (bytes.length - at >= MIN_DOCUMENT_BYTES) {
    const size = bytes.readInt32LE(at);
    if (size < MIN_DOCUMENT_BYTES || size > MAX_DOCUMENT_BYTES) {
      throw malformed(`chunk: no BSON document has ${size} bytes`);
    }
    if (size > bytes.length - at) break;
    if (bytes[at + size - 1] !== 0) throw malformed('chunk: a BSON document does not end where it says');
    yield bytes.subarray(at, at + size);
    at += size;
  }
  return bytes.subarray(at);
}
