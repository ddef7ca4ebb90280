import { malformed } from '../errors';
import { MAX_RECORD_BYTES } from './limits';

const MIN_DOCUMENT_BYTES = 5;

/** Splits concatenated BSON documents into views of `bytes`, not copies. EVIDENCE_MALFORMED. */
export function* splitRecords(bytes: Buffer): Generator<Buffer, void, undefined> {
  checkEnd((yield* completeRecords(bytes)).length);
}

/** The same for bytes that arrive in blocks; only an incomplete document is held between them. */
export async function* splitBlocks(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let held = 0;
  let needed = MIN_DOCUMENT_BYTES;
  for await (const block of blocks) {
    parts.push(block);
    held += block.length;
    if (held < needed) continue;
    const rest = yield* completeRecords(parts.length === 1 ? block : Buffer.concat(parts));
    parts = rest.length === 0 ? [] : [rest];
    held = rest.length;
    needed = held < MIN_DOCUMENT_BYTES ? MIN_DOCUMENT_BYTES : rest.readInt32LE(0);
  }
  checkEnd(held);
}

/** Yields the documents that are complete and returns the remaining bytes. */
function* completeRecords(bytes: Buffer): Generator<Buffer, Buffer, undefined> {
  let at = 0;
  while (bytes.length - at >= MIN_DOCUMENT_BYTES) {
    const size = bytes.readInt32LE(at);
    if (size < MIN_DOCUMENT_BYTES || size > MAX_RECORD_BYTES) {
      throw malformed(`chunk: a BSON document cannot have ${size} bytes`);
    }
    if (size > bytes.length - at) break;
    if (bytes[at + size - 1] !== 0)
      throw malformed('chunk: a BSON document is not terminated where its length says');
    yield bytes.subarray(at, at + size);
    at += size;
  }
  return bytes.subarray(at);
}

function checkEnd(restBytes: number): void {
  if (restBytes > 0) throw malformed('chunk: its last BSON document is cut off');
}
