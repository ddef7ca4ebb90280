import { promisify } from 'node:util';
import { crc32, gzip, inflateRaw, type Zlib } from 'node:zlib';
import { malformed } from './malformed';

const gzipAsync = promisify(gzip);

/** 32 MiB of records, or fewer and one of 16 MiB. */
export const MAX_UNPACKED_BYTES = 48 * 1024 * 1024;

/** The only header we write and accept (RFC 1952): deflate, no flags, no time, unknown system; byte 8 is a hint on the level. */
const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;

/** Level 4 packs audit records within a few percent of level 6 in half of its time. */
const LEVEL = 4;

/** Packs records, one after the other, into one gzip member. Compresses off the main thread. */
export async function packChunk(records: readonly Uint8Array[]): Promise<Buffer> {
  const packed = await gzipAsync(Buffer.concat(records), { level: LEVEL });
  // Node writes the system it runs on; the same records give the same header everywhere.
  HEADER.copy(packed);
  return packed;
}

/**
 * Unpacks exactly one gzip member with nothing behind it and at most `maxBytes`: it stops there, so a bomb costs no more
 * than that. Anything else: EVIDENCE_MALFORMED.
 */
export async function unpackChunk(stored: Uint8Array, maxBytes = MAX_UNPACKED_BYTES): Promise<Buffer> {
  const packed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (packed.length < HEADER.length + TRAILER_BYTES || !packed.subarray(0, HEADER.length).equals(HEADER)) {
    throw malformed('chunk: the gzip header is not ours');
  }
  const { buffer, consumed } = await inflate(packed.subarray(HEADER.length), maxBytes);
  const trailer = HEADER.length + consumed;
  if (packed.length !== trailer + TRAILER_BYTES) throw malformed('chunk: bytes behind the gzip member');
  if (packed.readUInt32LE(trailer) !== crc32(buffer) || packed.readUInt32LE(trailer + 4) !== buffer.length) {
    throw malformed('chunk: the gzip checksum does not fit');
  }
  return buffer;
}

function inflate(deflated: Buffer, maxBytes: number): Promise<{ buffer: Buffer; consumed: number }> {
  return new Promise((resolve, reject) => {
    inflateRaw(deflated, { info: true, maxOutputLength: maxBytes } as object, (error, result) => {
      if (error) return reject(malformed(`chunk: cannot be unpacked within ${maxBytes} bytes`, error));
      // With `info`, which the type definitions leave out, the engine says how much of the input it took.
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: Zlib };
      resolve({ buffer, consumed: engine.bytesWritten });
    });
  });
}
