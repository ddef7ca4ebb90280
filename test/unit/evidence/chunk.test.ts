import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { splitBlocks, splitRecords } from '../../../src/evidence/bsonStream';
import { unpackBlocks, unpackChunk } from '../../../src/evidence/chunk';
import { packChunk } from '../../../src/evidence/chunkPacker';
import { sha256Hex } from '../../../src/tlog/sha256';

const MALFORMED = { code: 'EVIDENCE_MALFORMED' };

function record(size: number, fill: number): Buffer {
  const bytes = Buffer.alloc(size, fill);
  bytes.writeInt32LE(size);
  bytes[size - 1] = 0;
  return bytes;
}

const RECORDS = [record(5, 0), record(1_000, 1), record(700_000, 2), record(300, 3), record(1_200_000, 4)];

describe('a chunk', () => {
  test('gives back the records it was packed from, whole or block by block', async () => {
    const packed = await packChunk(RECORDS);
    const whole = [...splitRecords(await unpackChunk(packed))];
    expect(whole.map((one) => sha256Hex(one))).toEqual(RECORDS.map((one) => sha256Hex(one)));
    const streamed: Buffer[] = [];
    for await (const one of splitBlocks(unpackBlocks(packed))) streamed.push(Buffer.from(one));
    expect(streamed.map((one) => sha256Hex(one))).toEqual(RECORDS.map((one) => sha256Hex(one)));
  });

  test('the same records make the same bytes', async () => {
    const [one, other] = [await packChunk(RECORDS), await packChunk(RECORDS)];
    expect(one.equals(other)).toBe(true);
  });

  test('gunzip accepts it', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'chunk-')), 'chunk.gz');
    writeFileSync(file, await packChunk(RECORDS));
    expect(() => execFileSync('gunzip', ['-t', file])).not.toThrow();
  });

  test('cut off anywhere, it is malformed', async () => {
    const packed = await packChunk([record(200, 1), record(300, 2)]);
    for (let length = 0; length < packed.length; length++) {
      await expect(unpackChunk(packed.subarray(0, length))).rejects.toMatchObject(MALFORMED);
    }
  });

  test('one flipped bit anywhere outside the hint on the level is malformed, or changes what is unpacked', async () => {
    const packed = await packChunk([record(200, 1), record(300, 2)]);
    const content = await unpackChunk(packed);
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const altered = Buffer.from(packed);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = await unpackChunk(altered).then(
        // Deflate has more than one spelling for the same content; the digest of the stored bytes tells those apart.
        (unpacked) => (unpacked.equals(content) ? 'the same' : 'another content'),
        (error: { code?: string }) => error.code,
      );
      expect(['the same', 'EVIDENCE_MALFORMED']).toContain(outcome);
    }
  });

  test.each<[string, (packed: Buffer) => Buffer]>([
    ['a second member', (packed) => Buffer.concat([packed, packed])],
    ['a byte behind it', (packed) => Buffer.concat([packed, Buffer.of(0)])],
    [
      'the header of another system',
      (packed) => Buffer.concat([gzipSync('x').subarray(0, 9), Buffer.of(3), packed.subarray(10)]),
    ],
    [
      'a file name in its header',
      (packed) => Buffer.concat([packed.subarray(0, 3), Buffer.of(8), packed.subarray(4)]),
    ],
  ])('%s is malformed', async (_, change) => {
    await expect(unpackChunk(change(await packChunk(RECORDS)))).rejects.toMatchObject(MALFORMED);
  });

  test('a bomb is refused at the limit', async () => {
    const packed = await packChunk([record(8 * 1024 * 1024, 7)]);
    expect(packed.length).toBeLessThan(50_000);
    await expect(unpackChunk(packed, 1024 * 1024)).rejects.toMatchObject(MALFORMED);
  });

  test.each([
    ['a size below five', Buffer.from([4, 0, 0, 0, 0])],
    ['a size beyond the end', Buffer.from([6, 0, 0, 0, 0])],
    ['no zero at its end', Buffer.from([5, 0, 0, 0, 1])],
    ['a negative size', Buffer.from([255, 255, 255, 255, 0])],
    ['three bytes', Buffer.from([5, 0, 0])],
  ])('records with %s are malformed', (_, bytes) => {
    expect(() => [...splitRecords(bytes)]).toThrow(expect.objectContaining(MALFORMED));
  });
});
