import { createHash, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { formatNote, keyId, parseNote, parseVkey, verifyNote, vkeyOf } from '../../../src/tlog/note';
import { evidenceKey } from '../../harness/evidence';
import { everyBitFlip } from '../../harness/flipBit';
import { MALFORMED, testRefusals } from '../../harness/refusals';

/** The example of golang.org/x/mod/sumdb/note. */
const PUBLISHED = {
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};
const NOTE = `${PUBLISHED.text}\n${PUBLISHED.line}`;
const SIGNATURE = PUBLISHED.line.split(' ')[2]!.trimEnd();
const { name: NAME, publicKey: PUBLIC_KEY } = parseVkey(PUBLISHED.vkey);

test('a note by another implementation is verified, and its key has the same verifier key', () => {
  expect(verifyNote(Buffer.from(NOTE), NAME, PUBLIC_KEY)).toBe(PUBLISHED.text);
  expect(vkeyOf(NAME, PUBLIC_KEY)).toBe(PUBLISHED.vkey);
  expect(keyId(NAME, PUBLIC_KEY).toString('hex')).toBe('c74f20a3');
});

test('a note is verified under the name it was signed with, and under no other', () => {
  const { publicKey, privateKey } = evidenceKey(3);
  const signature = sign(null, Buffer.from('text\n'), privateKey);
  const note = formatNote('text\n', [{ name: 'log', keyId: keyId('log', publicKey), signature }]);
  expect(verifyNote(note, 'log', publicKey)).toBe('text\n');
  expect(verifyNote(note, 'other', publicKey)).toBeUndefined();
});

test.each([
  ['text', NOTE.replace('If', 'if')],
  ['key name', NOTE.replace('Peter', 'Paul')],
  ['key id', NOTE.replace('x08g', 'y08g')],
  ['signature', NOTE.replace('YC2p', 'YC2q')],
])('a note with another %s is not signed by the key', (_, note) => {
  expect(verifyNote(Buffer.from(note), NAME, PUBLIC_KEY)).toBeUndefined();
});

test('a signed note with any bit flipped is not verified', () => {
  const flipped = everyBitFlip(Buffer.from(NOTE));
  expect(flipped.filter(accepts)).toEqual([]);
  expect(accepts(Buffer.from(NOTE))).toBe(true);
});

test('a signed note cut off anywhere is not verified', () => {
  const note = Buffer.from(NOTE);
  const accepted = Array.from(note.keys()).filter((length) => accepts(note.subarray(0, length)));
  expect(accepted).toEqual([]);
});

test.each<[string, string | Buffer]>([
  ['no blank line', `${PUBLISHED.text}${PUBLISHED.line}`],
  ['no signature', `${PUBLISHED.text}\n`],
  ['no newline at its end', NOTE.slice(0, -1)],
  ['a blank line at its end', `${NOTE}\n`],
  ['a line that is not a signature', `${NOTE}signed by me\n`],
  ['a blank line between signatures and no dash after it', `${NOTE}\nsigned\n`],
  ['Windows line ends', NOTE.replaceAll('\n', '\r\n')],
  ['a carriage return', NOTE.replace('problem,\n', 'problem,\r\n')],
  ['a tab', NOTE.replace('If you', 'If\tyou')],
  ['a null byte', NOTE.replace('If you', 'If\0you')],
  ['a delete character', NOTE.replace('If you', 'If\u007fyou')],
  ['broken UTF-8', Buffer.concat([Buffer.of(0xff), Buffer.from(NOTE)])],
  ['a hyphen instead of the dash', NOTE.replace('— ', '- ')],
  ['a shorter dash', NOTE.replace('— ', '– ')],
  ['no space after the dash', NOTE.replace('— ', '—')],
  ['two spaces after the dash', NOTE.replace('— ', '—  ')],
  ['two spaces after the name', NOTE.replace('Neumann ', 'Neumann  ')],
  ['a no-break space after the name', NOTE.replace('Neumann ', 'Neumann\u00a0')],
  ['a space at the end of the line', NOTE.replace(/\n$/, ' \n')],
  ['a fourth word', NOTE.replace(/\n$/, ' x\n')],
  ['no name', NOTE.replace('PeterNeumann ', '')],
  ['a plus in the name', NOTE.replace('PeterNeumann ', 'Peter+Neumann ')],
  ['base64 without padding', NOTE.replace(/=\n$/, '\n')],
  ['base64 with padding twice', NOTE.replace(/=\n$/, '==\n')],
  ['base64 of the URL alphabet', NOTE.replaceAll(SIGNATURE, SIGNATURE.replaceAll('/', '_'))],
  ['base64 with bits after its last byte', NOTE.replace('nAM=\n', 'nAN=\n')],
  ['base64 with a line break', NOTE.replace('x08go/', 'x08g\no/')],
  ['a signature of no bytes', NOTE.replace(SIGNATURE, Buffer.alloc(4).toString('base64'))],
  ['101 signatures', `${NOTE}${PUBLISHED.line.repeat(100)}`],
  ['more than 1 MiB', `${'x'.repeat(1 << 20)}${NOTE}`],
  ['no bytes', ''],
  ['one newline', '\n'],
])('a note with %s is malformed', (_, note) => {
  expect(() => verifyNote(Buffer.from(note), NAME, PUBLIC_KEY)).toThrow(MALFORMED);
});

test('a byte order mark is part of the text, and the text is not the signed one', () => {
  expect(verifyNote(Buffer.from(`\ufeff${NOTE}`), NAME, PUBLIC_KEY)).toBeUndefined();
});

test('a note is verified when others signed it as well', () => {
  const other = PUBLISHED.line.replace('PeterNeumann', 'witness.example.org/é');
  expect(verifyNote(Buffer.from(`${NOTE}${other.repeat(99)}`), NAME, PUBLIC_KEY)).toBe(PUBLISHED.text);
  expect(verifyNote(Buffer.from(`${PUBLISHED.text}\n${other}${PUBLISHED.line}`), NAME, PUBLIC_KEY)).toBe(
    PUBLISHED.text,
  );
});

test('a note with two signatures under the name of the key is not verified, even if one is valid', () => {
  const bad = PUBLISHED.line.replace('YC2p', 'YC2q');
  expect(verifyNote(Buffer.from(`${NOTE}${bad}`), NAME, PUBLIC_KEY)).toBeUndefined();
  expect(
    verifyNote(Buffer.from(`${PUBLISHED.text}\n${bad}${PUBLISHED.line}`), NAME, PUBLIC_KEY),
  ).toBeUndefined();
});

test('the text ends at the last blank line, so a text may have blank lines and dashes of its own', () => {
  const { publicKey, privateKey } = evidenceKey(3);
  const texts = ['a\n\nb\n', '\n\n', NOTE, `${NOTE}\n${NOTE}`];
  for (const text of texts) {
    const signature = sign(null, Buffer.from(text), privateKey);
    const note = formatNote(text, [{ name: 'log', keyId: keyId('log', publicKey), signature }]);
    expect(verifyNote(note, 'log', publicKey)).toBe(text);
  }
});

test('any signed text is read as it was signed, wherever the signature is among others', () => {
  const { publicKey, privateKey } = evidenceKey(3);
  const printable = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map((raw) => raw.replaceAll(/[\p{Cc}\s+]/gu, 'x'));
  const other = fc.record({
    name: printable.map((name) => `other-${name}`),
    keyId: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    signature: fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  });
  const others = fc.array(other, { maxLength: 49 });
  const lines = fc.array(printable, { minLength: 1 }).map((parts) => `${parts.join('\n')}\n`);
  fc.assert(
    fc.property(lines, printable, others, others, (text, name, before, after) => {
      const signature = sign(null, Buffer.from(text), privateKey);
      const ours = { name, keyId: keyId(name, publicKey), signature };
      const note = formatNote(text, [...before, ours, ...after]);
      expect(verifyNote(note, name, publicKey)).toBe(text);
    }),
  );
});

test.each(['with space', 'with+plus', 'with\nnewline', 'with\u2028separator', 'with\u0000null', ''])(
  'the key name %j is never written',
  (name) => {
    const line = { name, keyId: Buffer.alloc(4), signature: Buffer.alloc(64) };
    expect(() => formatNote('text\n', [line])).toThrow(MALFORMED);
  },
);

test('a text without a newline at its end is never written', () => {
  expect(() => formatNote('text', [])).toThrow(MALFORMED);
});

test('the key id of a verifier key is the hash of its name and key', () => {
  const preimage = Buffer.concat([Buffer.from('PeterNeumann\n\x01', 'latin1'), PUBLIC_KEY]);
  const id = createHash('sha256').update(preimage).digest().subarray(0, 4);
  expect(keyId(NAME, PUBLIC_KEY)).toEqual(id);
  expect(vkeyOf(NAME, PUBLIC_KEY)).toBe(PUBLISHED.vkey);
});

const KEY = PUBLISHED.vkey.split('+')[2]!;
test.each([
  ['another name', PUBLISHED.vkey.replace('Peter', 'Paul')],
  ['another key id', PUBLISHED.vkey.replace('c74f20a3', 'c74f20a4')],
  ['a key id in capitals', PUBLISHED.vkey.replace('c74f20a3', 'C74F20A3')],
  ['a key id of nine digits', PUBLISHED.vkey.replace('c74f20a3', '0c74f20a3')],
  ['another key', PUBLISHED.vkey.replace('ARpc', 'ARpd')],
  ['another type of key', PUBLISHED.vkey.replace('+AR', '+BB')],
  ['no name', PUBLISHED.vkey.replace('PeterNeumann', '')],
  ['no key id', `PeterNeumann+${KEY}`],
  ['a key cut off', PUBLISHED.vkey.slice(0, -4)],
  ['a key that is too long', `${PUBLISHED.vkey}AAAA`],
  ['a trailing space', `${PUBLISHED.vkey} `],
  ['a trailing newline', `${PUBLISHED.vkey}\n`],
  ['no characters', ''],
  // Their key ids match, so that only the name is wrong.
  ['a space in the name', vkeyOf('Peter Neumann', PUBLIC_KEY)],
  ['a control character in the name', vkeyOf('Peter\u0001', PUBLIC_KEY)],
  ['a name that is empty', vkeyOf('', PUBLIC_KEY)],
])('a verifier key with %s is refused', (_, vkey) => {
  expect(() => parseVkey(vkey)).toThrow(MALFORMED);
});

test('a verifier key whose base64 has a plus sign is read', () => {
  const seed = Array.from({ length: 256 }, (_, byte) => byte).find((byte) =>
    vkeyOf('log', evidenceKey(byte).publicKey).split('+').slice(2).join('+').includes('+'),
  )!;
  const { publicKey } = evidenceKey(seed);
  expect(parseVkey(vkeyOf('log', publicKey))).toEqual({ name: 'log', publicKey });
});

const readNote = (text: string) => () => parseNote(Buffer.from(text));
const otherAlgorithm = Buffer.concat([Buffer.of(2), PUBLIC_KEY]).toString('base64');

testRefusals('a note', [
  ['beyond 1 MiB', () => parseNote(Buffer.alloc((1 << 20) + 1)), 'note is larger than 1 MiB'],
  ['of exactly 1 MiB of NUL', () => parseNote(Buffer.alloc(1 << 20)), 'note has a control character'],
  ['in Latin-1', () => parseNote(Buffer.of(0xff)), 'note is not UTF-8'],
  ['with a bell', readNote('a\u0007\n\n'), 'note has a control character'],
  ['without a blank line', readNote('text\n'), 'note has no blank line before its signatures'],
  [
    'that does not end its last line',
    readNote('a\n\n— log AAAAAAA='),
    'note has no blank line before its signatures',
  ],
  ['without a signature', readNote('a\n\n'), 'note has no signatures, or too many'],
  ['without a dash', readNote('a\n\nlog AAAAAAA=\n'), 'note has an invalid signature line'],
  ['with a letter before the dash', readNote('a\n\nx— log AAAAAAA=\n'), 'note has an invalid signature line'],
  ['with a signature of no bytes', readNote('a\n\n— log AAAAAA==\n'), 'note signature is too short'],
  ['whose text has no newline', () => formatNote('a', []), 'note text does not end with a newline'],
  [
    'by a key with a space in its name',
    () => formatNote('a\n', [{ name: 'a b', keyId: Buffer.alloc(4), signature: Buffer.alloc(1) }]),
    'key name has white space or a plus sign',
  ],
]);

testRefusals('a verifier key', [
  ['without its name', () => parseVkey(PUBLISHED.vkey.replace(NAME, '')), 'not an Ed25519 verifier key'],
  ['of another algorithm', () => parseVkey(`log+00000000+${otherAlgorithm}`), 'not an Ed25519 verifier key'],
  [
    'of another name',
    () => parseVkey(PUBLISHED.vkey.replace(NAME, 'log')),
    'the key id of the verifier key does not match its name and key',
  ],
  ['of no bytes', () => parseVkey(''), 'base64 of 0 bytes, not 33'],
]);

test('the text of a note may begin with a blank line', () => {
  expect(parseNote(Buffer.from('\n\n— log AAAAAAA=\n')).text).toBe('\n');
});

function accepts(note: Uint8Array): boolean {
  try {
    return verifyNote(note, NAME, PUBLIC_KEY) !== undefined;
  } catch {
    return false;
  }
}
