import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { splitBlocks, splitRecords } from '../../../src/evidence/bsonStream';
import { unpackBlocks, unpackChunk } from '../../../src/evidence/chunk';
import { packChunk } from '../../../src/evidence/chunkPacker';
import { sha256Hex } from '../../../src/tlog/sha256';
import { flipBit } from '../../harness/flipBit';
import { MALFORMED, testRefusals } from '../../harness/refusals';

function record(size: number, fill: number): Buffer {
  const bytes = Buffer.alloc(size, fill);
  bytes.writeInt32LE(size);
  bytes[size - 1] = 0;
  return bytes;
}

const RECORDS = [record(5, 0), record(1_000, 1), record(700_000, 2), record(300, 3), record(1_200_000, 4)];

test('a chunk gives back the records it was packed from, at once or block by block', async () => {
  const packed = await packChunk(RECORDS);
  const atOnce = [...splitRecords(await unpackChunk(packed))];
  expect(atOnce.map((one) => sha256Hex(one))).toEqual(RECORDS.map((one) => sha256Hex(one)));
  const streamed: Buffer[] = [];
  for await (const one of splitBlocks(unpackBlocks(packed))) streamed.push(Buffer.from(one));
  expect(streamed.map((one) => sha256Hex(one))).toEqual(RECORDS.map((one) => sha256Hex(one)));
});

test('the same records make a chunk of the same bytes', async () => {
  const [one, other] = [await packChunk(RECORDS), await packChunk(RECORDS)];
  expect(one.equals(other)).toBe(true);
});

test('gunzip accepts a chunk', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'chunk-')), 'chunk.gz');
  writeFileSync(file, await packChunk(RECORDS));
  expect(() => execFileSync('gunzip', ['-t', file])).not.toThrow();
});

test('a chunk cut off anywhere is malformed', async () => {
  const packed = await packChunk([record(200, 1), record(300, 2)]);
  for (let length = 0; length < packed.length; length++) {
    await expect(unpackChunk(packed.subarray(0, length))).rejects.toThrow(MALFORMED);
  }
});

test('a chunk with any bit flipped is malformed, or holds the same records', async () => {
  const packed = await packChunk([record(200, 1), record(300, 2)]);
  const content = await unpackChunk(packed);
  for (let bit = 0; bit < packed.length * 8; bit++) {
    const outcome = await unpackChunk(flipBit(packed, bit)).then(
      // Deflate can encode the same content in several ways; the digest of the stored bytes tells them apart.
      (unpacked) => (unpacked.equals(content) ? 'the same' : 'another content'),
      (error: { code?: string }) => error.code,
    );
    expect(['the same', 'EVIDENCE_MALFORMED']).toContain(outcome);
  }
});

test.each<[string, (packed: Buffer) => Buffer]>([
  ['a second member', (packed) => Buffer.concat([packed, packed])],
  ['a byte after its end', (packed) => Buffer.concat([packed, Buffer.of(0)])],
  [
    'the header of another system',
    (packed) => Buffer.concat([gzipSync('x').subarray(0, 9), Buffer.of(3), packed.subarray(10)]),
  ],
  [
    'a file name in its header',
    (packed) => Buffer.concat([packed.subarray(0, 3), Buffer.of(8), packed.subarray(4)]),
  ],
])('a chunk with %s is malformed', async (_, change) => {
  await expect(unpackChunk(change(await packChunk(RECORDS)))).rejects.toThrow(MALFORMED);
});

test('a decompression bomb is refused at the limit', async () => {
  const packed = await packChunk([record(8 * 1024 * 1024, 7)]);
  expect(packed.length).toBeLessThan(50_000);
  await expect(unpackChunk(packed, 1024 * 1024)).rejects.toThrow(MALFORMED);
});

test.each([
  ['a size below five', Buffer.from([4, 0, 0, 0, 0])],
  ['a size beyond the end', Buffer.from([6, 0, 0, 0, 0])],
  ['no zero at its end', Buffer.from([5, 0, 0, 0, 1])],
  ['a negative size', Buffer.from([255, 255, 255, 255, 0])],
  ['three bytes', Buffer.from([5, 0, 0])],
])('records with %s are malformed', (_, bytes) => {
  expect(() => [...splitRecords(bytes)]).toThrow(MALFORMED);
});

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const HEADER = '1f8b08000000000000ff';
const EMPTY = `${HEADER} 0300 00000000 00000000`;

test.each([
  ['that is cut off in its trailer', `${HEADER} 0300 00000000 000000`, 'chunk: bytes after the gzip member'],
  ['that is only a header', HEADER, 'chunk: not the gzip header of a chunk'],
  [
    'with a flag in its header',
    '1f8b08010000000000ff 0300 00000000 00000000',
    'chunk: not the gzip header of a chunk',
  ],
  ['that cannot be inflated', `${HEADER} ffff 00000000 00000000`, 'chunk: cannot be unpacked'],
  [
    'with another checksum',
    `${HEADER} 0300 01000000 00000000`,
    'chunk: the gzip checksum does not match its content',
  ],
  [
    'with another size',
    `${HEADER} 0300 00000000 01000000`,
    'chunk: the gzip checksum does not match its content',
  ],
  ['with a byte after its trailer', `${EMPTY} 00`, 'chunk: bytes after the gzip member'],
])('a chunk %s is refused', async (_what, bytes, message) => {
  await expect(unpackChunk(hex(bytes))).rejects.toMatchObject({ code: 'EVIDENCE_MALFORMED', message });
});

test('a chunk may be empty, or hold exactly as many bytes as allowed', async () => {
  await expect(unpackChunk(hex(EMPTY))).resolves.toEqual(Buffer.alloc(0));
  const one = hex(`${HEADER} 4b0400 43beb7e8 01000000`);
  await expect(unpackChunk(one, 1)).resolves.toEqual(Buffer.from('a'));
  await expect(unpackChunk(one, 0)).rejects.toThrow('chunk: more than 0 bytes');
});

const split = (bytes: string) => () => [...splitRecords(hex(bytes))];
testRefusals('a stream of BSON documents', [
  ['with a size below five', split('0400000000'), 'chunk: a BSON document cannot have 4 bytes'],
  ['with a size above the limit', split('0140000100'), 'chunk: a BSON document cannot have 16793601 bytes'],
  [
    'with the largest size and too few bytes',
    split('0040000100'),
    'chunk: its last BSON document is cut off',
  ],
  [
    'without a terminator',
    split('0600000000 01'),
    'chunk: a BSON document is not terminated where its length says',
  ],
  ['that ends within a document', split('0500000000 05'), 'chunk: its last BSON document is cut off'],
]);

async function* blocksOf(...blocks: readonly string[]): AsyncGenerator<Buffer> {
  for (const block of blocks) yield await Promise.resolve(hex(block));
}

test('a document may span blocks, and the last one must be complete', async () => {
  const documents: string[] = [];
  for await (const one of splitBlocks(blocksOf('0500', '0000', '00'))) documents.push(one.toString('hex'));
  expect(documents).toEqual(['0500000000']);
  const incomplete = splitBlocks(blocksOf('0500000000', '05'));
  await incomplete.next();
  await expect(incomplete.next()).rejects.toThrow('chunk: its last BSON document is cut off');
});
