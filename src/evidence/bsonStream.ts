import { malformed } from '../errors';
import { MAX_RECORD_BYTES } from './limits';

const MIN_DOCUMENT_BYTES = 5;

/** Splits concatenated BSON documents into views of `bytes`, not copies. EVIDENCE_MALFORMED. */
export function* splitRecords(bytes: Buffer): Generator<Buffer, void, undefined> {
  checkEnd((yield* completeRecords(bytes)).length);
}

/** The same for bytes that arrive in blocks; only an incomplete document is held between them. */
export async function* splitBlocks(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const held = new HeldBytes();
  for await (const block of blocks) {
    const bytes = held.join(block);
    if (bytes) held.keep(yield* completeRecords(bytes));
  }
  checkEnd(held.size);
}

/**
 * The same without a view of each document: `visit` gets the bytes that hold it, where it starts and where it ends, and says
 * whether to continue. Returns whether it saw all documents.
 */
export async function visitRecords(
  blocks: AsyncIterable<Buffer>,
  visit: (bytes: Buffer, start: number, end: number) => boolean,
): Promise<boolean> {
  const held = new HeldBytes();
  for await (const block of blocks) {
    const bytes = held.join(block);
    if (!bytes) continue;
    let at = 0;
    for (let end = endOfRecord(bytes, at); end > at; end = endOfRecord(bytes, at)) {
      if (!visit(bytes, at, end)) return false;
      at = end;
    }
    held.keep(bytes.subarray(at));
  }
  checkEnd(held.size);
  return true;
}

/** The beginning of a document that is not complete. */
class HeldBytes {
  #parts: Buffer[] = [];
  size = 0;
  #needed = MIN_DOCUMENT_BYTES;

  /** What was held with the next block after it; undefined, and all of it is held, while no document can be complete. */
  join(block: Buffer): Buffer | undefined {
    this.#parts.push(block);
    this.size += block.length;
    if (this.size < this.#needed) return undefined;
    return this.#parts.length === 1 ? block : Buffer.concat(this.#parts);
  }

  /** Holds what was not a complete document. */
  keep(rest: Buffer): void {
    this.#parts = rest.length === 0 ? [] : [rest];
    this.size = rest.length;
    this.#needed = rest.length < MIN_DOCUMENT_BYTES ? MIN_DOCUMENT_BYTES : rest.readInt32LE(0);
  }
}

/** Yields the documents that are complete and returns the remaining bytes. */
function* completeRecords(bytes: Buffer): Generator<Buffer, Buffer, undefined> {
  let at = 0;
  for (let end = endOfRecord(bytes, at); end > at; end = endOfRecord(bytes, at)) {
    yield bytes.subarray(at, end);
    at = end;
  }
  return bytes.subarray(at);
}

/** Where the document that starts at `at` ends; `at` itself when not all of it is there. */
function endOfRecord(bytes: Buffer, at: number): number {
  if (bytes.length - at < MIN_DOCUMENT_BYTES) return at;
  const size = bytes.readInt32LE(at);
  if (size < MIN_DOCUMENT_BYTES || size > MAX_RECORD_BYTES)
    throw malformed(`chunk: a BSON document cannot have ${size} bytes`);
  if (size > bytes.length - at) return at;
  if (bytes[at + size - 1] !== 0)
    throw malformed('chunk: a BSON document is not terminated where its length says');
  return at + size;
}

function checkEnd(restBytes: number): void {
  if (restBytes > 0) throw malformed('chunk: its last BSON document is cut off');
}
