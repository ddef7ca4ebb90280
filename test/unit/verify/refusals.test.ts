import { decodeBase64 } from '../../../src/tlog/base64';
import { splitBlocks, splitRecords } from '../../../src/evidence/bsonStream';
import { canonicalJson, parseCanonicalJson } from '../../../src/evidence/canonicalJson';
import { parseCheckpoint, formatNote, parseNote, parseVkey, vkeyOf } from '../../../src/tlog/note';
import { unpackChunk } from '../../../src/evidence/chunk';
import { publicKeyOfPem } from '../../../src/tlog/ed25519';
import { mergeRanges, emptyRange, parseRange, rootOf } from '../../../src/tlog/merkle';
import { evidenceKey } from '../../harness/evidence';
import { refuses } from '../../harness/refusals';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const nested = (depth: number, wrap: (inner: unknown) => unknown): unknown =>
  depth === 0 ? 1 : wrap(nested(depth - 1, wrap));
const json = (text: string) => () => parseCanonicalJson(Buffer.from(text), 100);
const ROOT = Buffer.alloc(32, 7).toString('base64');

describe('base64 is refused', () => {
  refuses([
    ['without its padding', () => decodeBase64('AA'), 'not canonical base64'],
    ['of another length', () => decodeBase64('AAAA', 2), 'base64 of 3 bytes, not 2'],
  ]);

  test('only of a length that was asked for', () => {
    expect(decodeBase64('AAAA', 3)).toEqual(Buffer.alloc(3));
    expect(decodeBase64('AAAA')).toEqual(Buffer.alloc(3));
  });
});

describe('JSON is refused', () => {
  refuses([
    [
      'as arrays that are nested too deep',
      () => canonicalJson(nested(17, (inner) => [inner])),
      'JSON is nested deeper than 16',
    ],
    [
      'as objects that are nested too deep',
      () => canonicalJson(nested(17, (a) => ({ a }))),
      'JSON is nested deeper than 16',
    ],
    ['with a lone surrogate', () => canonicalJson('\ud800'), 'JSON text has a lone surrogate'],
    ['with a fraction', json('0.5'), 'JSON number is not a safe integer'],
    ['with a member __proto__', json('{"__proto__":1}'), 'JSON has a member __proto__'],
    ['as nothing', () => canonicalJson(undefined), 'JSON has no undefined'],
    [
      'beyond its limit',
      () => parseCanonicalJson(Buffer.alloc(101), 100),
      'JSON of 101 bytes is larger than 100',
    ],
    ['in Latin-1', () => parseCanonicalJson(hex('22ff22'), 100), 'not JSON in UTF-8'],
    ['behind a byte order mark', json('\ufeff{}'), 'not JSON in UTF-8'],
    ['with white space', json('{ }'), 'JSON is not in canonical form (RFC 8785)'],
  ]);

  test('not at the deepest that is allowed', () => {
    expect(() => canonicalJson(nested(16, (inner) => [inner]))).not.toThrow();
    expect(() => canonicalJson(nested(16, (a) => ({ a })))).not.toThrow();
  });
});

describe('a stream of BSON is refused', () => {
  refuses([
    [
      'with a size below any',
      () => [...splitRecords(hex('0400000000'))],
      'chunk: no BSON document has 4 bytes',
    ],
    [
      'with a size above any',
      () => [...splitRecords(hex('0140000100'))],
      'chunk: no BSON document has 16793601 bytes',
    ],
    [
      'with the largest size and too few bytes',
      () => [...splitRecords(hex('0040000100'))],
      'chunk: its last BSON document is cut off',
    ],
    [
      'without a terminator',
      () => [...splitRecords(hex('0600000000 01'))],
      'chunk: a BSON document does not end where it says',
    ],
    [
      'that breaks off',
      () => [...splitRecords(hex('0500000000 05'))],
      'chunk: its last BSON document is cut off',
    ],
  ]);

  test('block by block in the same words', async () => {
    await expect(readBlocks('0500', '0000', '00')).resolves.toEqual(['0500000000']);
    await expect(readBlocks('0500000000', '05')).rejects.toThrow('chunk: its last BSON document is cut off');
  });
});

const readBlocks = async (...blocks: string[]) => {
  const documents: string[] = [];
  for await (const one of splitBlocks(blocksOf(blocks))) documents.push(one.toString('hex'));
  return documents;
};

async function* blocksOf(blocks: readonly string[]): AsyncGenerator<Buffer> {
  for (const block of blocks) yield await Promise.resolve(hex(block));
}

describe('a chunk is refused', () => {
  const header = '1f8b08000000000000ff';
  const empty = `${header} 0300 00000000 00000000`;
  test.each([
    ['that is shorter than any', `${header} 0300 00000000 000000`, 'chunk: bytes behind the gzip member'],
    ['that is a header alone', header, 'chunk: the gzip header is not ours'],
    [
      'with a flag in its header',
      '1f8b08010000000000ff 0300 00000000 00000000',
      'chunk: the gzip header is not ours',
    ],
    ['that cannot be inflated', `${header} ffff 00000000 00000000`, 'chunk: cannot be unpacked'],
    ['with another checksum', `${header} 0300 01000000 00000000`, 'chunk: the gzip checksum does not fit'],
    ['with another size', `${header} 0300 00000000 01000000`, 'chunk: the gzip checksum does not fit'],
    ['with a byte behind it', `${empty} 00`, 'chunk: bytes behind the gzip member'],
  ])('%s', async (_what, bytes, message) => {
    await expect(unpackChunk(hex(bytes))).rejects.toMatchObject({ code: 'EVIDENCE_MALFORMED', message });
  });

  test('not when it is empty, nor when it has just as many bytes as are allowed', async () => {
    await expect(unpackChunk(hex(empty))).resolves.toEqual(Buffer.alloc(0));
    const one = hex(`${header} 4b0400 43beb7e8 01000000`);
    await expect(unpackChunk(one, 1)).resolves.toEqual(Buffer.from('a'));
    await expect(unpackChunk(one, 0)).rejects.toThrow('chunk: more than 0 bytes');
  });
});

describe('a Merkle range is refused', () => {
  refuses([
    [
      'that does not meet its neighbour',
      () => mergeRanges(emptyRange(2), emptyRange(3)),
      'ranges [2,2) and [3,3) do not meet',
    ],
    [
      'as a root, when it begins elsewhere',
      () => rootOf(emptyRange(2)),
      'a range that begins at 2 has no root',
    ],
    [
      'that ends before it begins',
      () => parseRange({ begin: 2, end: 1, hashes: [] }),
      'range [2,1) has no sense',
    ],
    [
      'with a node missing',
      () => parseRange({ begin: 0, end: 3, hashes: [ROOT] }),
      'range [0,3) has 1 nodes, not 2',
    ],
  ]);
});

const readNote = (text: string) => () => parseNote(Buffer.from(text));

describe('a note is refused', () => {
  const key = evidenceKey(1).publicKey;
  const vkey = vkeyOf('log', key);
  refuses([
    ['beyond 1 MiB', () => parseNote(Buffer.alloc((1 << 20) + 1)), 'note is larger than 1 MiB'],
    [
      'of just 1 MiB for what is in it',
      () => parseNote(Buffer.alloc(1 << 20)),
      'note has a control character',
    ],
    ['in Latin-1', () => parseNote(hex('ff')), 'note is not UTF-8'],
    ['with a control character', readNote('a\u0007\n\n'), 'note has a control character'],
    ['without a blank line', readNote('text\n'), 'note has no blank line in front of its signatures'],
    [
      'that does not end its last line',
      readNote('a\n\n— log AAAAAAA='),
      'note has no blank line in front of its signatures',
    ],
    ['without a signature', readNote('a\n\n'), 'note has no signatures, or too many'],
    [
      'with a line that is no signature',
      readNote('a\n\nlog AAAAAAA=\n'),
      'note has a signature line that is none',
    ],
    [
      'with something in front of the dash',
      readNote('a\n\nx— log AAAAAAA=\n'),
      'note has a signature line that is none',
    ],
    ['with a signature of no bytes', readNote('a\n\n— log AAAAAA==\n'), 'note signature is too short'],
    ['as text without its newline', () => formatNote('a', []), 'note text does not end with a newline'],
    [
      'by a key with a space in its name',
      () => formatNote('a\n', [{ name: 'a b', keyId: Buffer.alloc(4), signature: Buffer.alloc(1) }]),
      'key name has white space or a plus sign',
    ],
    [
      'by a verifier key without a name',
      () => parseVkey(vkey.replace('log', '')),
      'not an Ed25519 verifier key',
    ],
    [
      'by a verifier key of another algorithm',
      () => parseVkey(`log+00000000+${Buffer.concat([Buffer.of(2), key]).toString('base64')}`),
      'not an Ed25519 verifier key',
    ],
    [
      'by a verifier key of another name',
      () => parseVkey(vkey.replace('log', 'lag')),
      'key id of the verifier key does not fit',
    ],
    ['by a verifier key that is no text', () => parseVkey(''), 'base64 of 0 bytes, not 33'],
    ['by a key in PEM that is none', () => publicKeyOfPem('PEM'), 'not a public key in PEM'],
    ['by a key on another curve', () => publicKeyOfPem(P256), 'not an Ed25519 public key'],
    ['by a key for another use of its curve', () => publicKeyOfPem(X25519), 'not an Ed25519 public key'],
  ]);

  test('not where its text begins with a blank line', () => {
    expect(parseNote(Buffer.from('\n\n— log AAAAAAA=\n')).text).toBe('\n');
  });
});

const P256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
`;
const X25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
-----END PUBLIC KEY-----
`;

describe('a checkpoint is refused', () => {
  refuses([
    ['as nothing', () => parseCheckpoint(''), 'checkpoint does not have exactly three lines'],
    [
      'with an extension',
      () => parseCheckpoint(`log\n1\n${ROOT}\nmore\n`),
      'checkpoint does not have exactly three lines',
    ],
    [
      'without its last newline',
      () => parseCheckpoint(`log\n1\n${ROOT}\nx`),
      'checkpoint does not have exactly three lines',
    ],
    ['without an origin', () => parseCheckpoint(`\n1\n${ROOT}\n`), 'checkpoint has no origin'],
    [
      'with a size in another spelling',
      () => parseCheckpoint(`log\n01\n${ROOT}\n`),
      'tree size is not canonical decimal',
    ],
    ['without a root', () => parseCheckpoint('log\n1\n\n'), 'base64 of 0 bytes, not 32'],
  ]);
});
