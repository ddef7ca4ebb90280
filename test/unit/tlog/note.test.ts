import { generateKeyPairSync, sign } from 'node:crypto';
import {
  checkpointText,
  parseCheckpoint,
  formatNote,
  keyId,
  parseVkey,
  verifyNote,
  vkeyOf,
} from '../../../src/tlog/note';

const MALFORMED = expect.objectContaining({ code: 'EVIDENCE_MALFORMED' });

describe('a signed note', () => {
  /** The published example of golang.org/x/mod/sumdb/note. */
  const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const TEXT =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const SIGNATURE =
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
  const { name, publicKey } = parseVkey(VKEY);
  const read = (note: string | Buffer) => verifyNote(Buffer.from(note), name, publicKey);

  test('by another implementation is accepted, and the key is spelled the same', () => {
    expect(read(`${TEXT}\n${SIGNATURE}`)).toBe(TEXT);
    expect(vkeyOf(name, publicKey)).toBe(VKEY);
    expect(keyId(name, publicKey).toString('hex')).toBe('c74f20a3');
  });

  test('that we write is one that we read', () => {
    const pair = generateKeyPairSync('ed25519');
    const raw = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const signature = sign(null, Buffer.from('text\n'), pair.privateKey);
    const note = formatNote('text\n', [
      { name: 'example.com/log', keyId: keyId('example.com/log', raw), signature },
    ]);
    expect(verifyNote(note, 'example.com/log', raw)).toBe('text\n');
    expect(verifyNote(note, 'example.com/other', raw)).toBeUndefined();
  });

  test('with another text, name, key id or signature is not by the key', () => {
    expect(read(`${TEXT.replace('If', 'if')}\n${SIGNATURE}`)).toBeUndefined();
    expect(read(`${TEXT}\n${SIGNATURE.replace('Peter', 'Paul')}`)).toBeUndefined();
    expect(read(`${TEXT}\n${SIGNATURE.replace('x08g', 'y08g')}`)).toBeUndefined();
    expect(read(`${TEXT}\n${SIGNATURE.replace('YC2p', 'YC2q')}`)).toBeUndefined();
    expect(read(`${TEXT}\n${SIGNATURE}${SIGNATURE}`)).toBeUndefined();
  });

  test.each([
    ['no blank line', `${TEXT}${SIGNATURE}`],
    ['no signature', `${TEXT}\n`],
    ['no newline at its end', `${TEXT}\n${SIGNATURE.trimEnd()}`],
    ['a hyphen for the dash', `${TEXT}\n${SIGNATURE.replace('—', '-')}`],
    ['two spaces', `${TEXT}\n${SIGNATURE.replace(' x08', '  x08')}`],
    ['base64 without padding', `${TEXT}\n${SIGNATURE.replace('=', '')}`],
    ['base64 with spare bits', `${TEXT}\n${SIGNATURE.replace('AM=', 'AN=')}`],
    ['a carriage return', `${TEXT}\r\n${SIGNATURE}`],
    ['a byte order mark', Buffer.from([0xff, 0xfe])],
  ])('with %s is malformed', (_, note) => {
    expect(() => read(note)).toThrow(MALFORMED);
  });
});

describe('a checkpoint', () => {
  const root = Buffer.alloc(32, 7);
  const text = checkpointText({ origin: 'example.com/audit', size: 10, root });

  test('is three lines, and reads as it was written', () => {
    expect(text).toBe(`example.com/audit\n10\n${root.toString('base64')}\n`);
    expect(parseCheckpoint(text)).toEqual({ origin: 'example.com/audit', size: 10, root });
  });

  test.each([
    ['a leading zero', text.replace('\n10', '\n010')],
    ['a sign', text.replace('\n10', '\n+10')],
    ['a negative size', text.replace('\n10', '\n-1')],
    ['a size beyond exact numbers', text.replace('\n10', '\n9007199254740993')],
    ['a fraction', text.replace('\n10', '\n1.0')],
    ['no origin', text.replace('example.com/audit', '')],
    ['a short root', text.replace('Bwc', '')],
    ['an extension line', `${text}more\n`],
    ['no last newline', text.trimEnd()],
  ])('with %s is malformed', (_, wrong) => {
    expect(() => parseCheckpoint(wrong)).toThrow(MALFORMED);
  });
});
