import { crc32, createInflateRaw } from 'node:zlib';
import { SnapshotError, malformed } from '../errors';
import { MAX_UNPACKED_BYTES } from './limits';

/** The only gzip header that is written and accepted (RFC 1952): deflate, no flags, no time, unknown system. */
export const GZIP_HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** CRC-32 and size of the content, four bytes each, little endian. */
const TRAILER_BYTES = 8;
const BLOCK_BYTES = 512 * 1024;
/** A small chunk does not need blocks that are much larger than its content: audit records shrink to about a tenth. */
const SMALL_BLOCK_BYTES = 16 * 1024;
const USUAL_RATIO = 16;

/** The whole content of a chunk, under the rules of {@link unpackBlocks}. */
export async function unpackChunk(stored: Uint8Array, maxBytes = MAX_UNPACKED_BYTES): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of unpackBlocks(stored, maxBytes)) blocks.push(block);
  return Buffer.concat(blocks);
}

/**
 * Unpacks exactly one gzip member with nothing after it, block by block and up to `maxBytes`, so that a decompression bomb
 * costs no more than that. Anything else is EVIDENCE_MALFORMED; a wrong checksum is thrown after the last block.
 */
export async function* unpackBlocks(
  stored: Uint8Array,
  maxBytes = MAX_UNPACKED_BYTES,
): AsyncGenerator<Buffer, void, undefined> {
  const packed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  checkHeader(packed);
  const usualBytes = Math.max(SMALL_BLOCK_BYTES, packed.length * USUAL_RATIO);
  const inflate = createInflateRaw({ chunkSize: Math.min(BLOCK_BYTES, usualBytes) });
  inflate.end(packed.subarray(GZIP_HEADER.length));
  let checksum = 0;
  let size = 0;
  try {
    for await (const block of inflate as AsyncIterable<Buffer>) {
      size += block.length;
      if (size > maxBytes) throw malformed(`chunk: more than ${maxBytes} bytes`);
      checksum = crc32(block, checksum);
      yield block;
    }
  } catch (error) {
    throw error instanceof SnapshotError ? error : malformed('chunk: cannot be unpacked', error);
  }
  checkTrailer(packed.subarray(GZIP_HEADER.length + inflate.bytesWritten), checksum, size);
}

function checkHeader(packed: Buffer): void {
  if (
    packed.length < GZIP_HEADER.length + TRAILER_BYTES ||
    !packed.subarray(0, GZIP_HEADER.length).equals(GZIP_HEADER)
  ) {
    throw malformed('chunk: not the gzip header of a chunk');
  }
}

function checkTrailer(trailer: Buffer, checksum: number, size: number): void {
  if (trailer.length !== TRAILER_BYTES) throw malformed('chunk: bytes after the gzip member');
  if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== size)
    throw malformed('chunk: the gzip checksum does not match its content');
}
