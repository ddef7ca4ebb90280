import { crc32, createInflateRaw } from 'node:zlib';
import { SnapshotError } from '../errors';
import { malformed } from '../tlog/malformed';

/** 32 MiB of records, or fewer and one of 16 MiB. */
export const MAX_UNPACKED_BYTES = 48 * 1024 * 1024;

/** The only header we write and accept (RFC 1952): deflate, no flags, no time, unknown system; byte 8 is a hint on the level. */
export const GZIP_HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;
const BLOCK_BYTES = 512 * 1024;

/** Unpacks a chunk as a whole, under the rules of `unpackBlocks`. */
export async function unpackChunk(stored: Uint8Array, maxBytes = MAX_UNPACKED_BYTES): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of unpackBlocks(stored, maxBytes)) blocks.push(block);
  return Buffer.concat(blocks);
}

/**
 * Unpacks exactly one gzip member with nothing behind it and at most `maxBytes`, block after block, so that a bomb costs
 * no more than that. Anything else: EVIDENCE_MALFORMED, which for a wrong checksum comes behind the last block.
 */
export async function* unpackBlocks(
  stored: Uint8Array,
  maxBytes = MAX_UNPACKED_BYTES,
): AsyncGenerator<Buffer, void, undefined> {
  const packed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (
    packed.length < GZIP_HEADER.length + TRAILER_BYTES ||
    !packed.subarray(0, GZIP_HEADER.length).equals(GZIP_HEADER)
  ) {
    throw malformed('chunk: the gzip header is not ours');
  }
  const inflate = createInflateRaw({ chunkSize: BLOCK_BYTES });
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
  const trailer = GZIP_HEADER.length + inflate.bytesWritten;
  if (packed.length !== trailer + TRAILER_BYTES) throw malformed('chunk: bytes behind the gzip member');
  if (packed.readUInt32LE(trailer) !== checksum || packed.readUInt32LE(trailer + 4) !== size) {
    throw malformed('chunk: the gzip checksum does not fit');
  }
}
