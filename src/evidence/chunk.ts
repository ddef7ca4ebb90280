import { constants, crc32, inflateRaw, type Zlib } from 'node:zlib';
import { malformed } from './malformed';

/** 32 MiB of records, or fewer and one of 16 MiB. */
export const MAX_UNPACKED_BYTES = 48 * 1024 * 1024;

/** The only header we write and accept (RFC 1952): deflate, no flags, no time, unknown system; byte 8 is a hint on the level. */
export const GZIP_HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;

/**
 * Unpacks exactly one gzip member with nothing behind it and at most `maxBytes`: it stops there, so a bomb costs no more
 * than that. Anything else: EVIDENCE_MALFORMED.
 */
export async function unpackChunk(stored: Uint8Array, maxBytes = MAX_UNPACKED_BYTES): Promise<Buffer> {
  const packed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (
    packed.length < GZIP_HEADER.length + TRAILER_BYTES ||
    !packed.subarray(0, GZIP_HEADER.length).equals(GZIP_HEADER)
  ) {
    throw malformed('chunk: the gzip header is not ours');
  }
  // What the trailer claims only sizes the buffer, so that a chunk is in memory once; whether it is true is checked below.
  const claimedBytes = packed.readUInt32LE(packed.length - 4);
  const { buffer, consumed } = await inflate(packed.subarray(GZIP_HEADER.length), maxBytes, claimedBytes);
  const trailer = GZIP_HEADER.length + consumed;
  if (packed.length !== trailer + TRAILER_BYTES) throw malformed('chunk: bytes behind the gzip member');
  if (packed.readUInt32LE(trailer) !== crc32(buffer) || packed.readUInt32LE(trailer + 4) !== buffer.length) {
    throw malformed('chunk: the gzip checksum does not fit');
  }
  return buffer;
}

function inflate(
  deflated: Buffer,
  maxBytes: number,
  claimedBytes: number,
): Promise<{ buffer: Buffer; consumed: number }> {
  // One byte more than is needed: an output buffer that is full to the brim makes the engine take a second one.
  const chunkSize = Math.max(constants.Z_MIN_CHUNK, Math.min(claimedBytes, maxBytes) + 1);
  const options = { info: true, maxOutputLength: maxBytes, chunkSize };
  return new Promise((resolve, reject) => {
    inflateRaw(deflated, options as object, (error, result) => {
      if (error) return reject(malformed(`chunk: cannot be unpacked within ${maxBytes} bytes`, error));
      // With `info`, which the type definitions leave out, the engine says how much of the input it took.
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: Zlib };
      resolve({ buffer, consumed: engine.bytesWritten });
    });
  });
}
