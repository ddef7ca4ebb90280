import { readTimestamp, timestampRequest } from '../../../src/evidence/timestamp';

const DIGEST = Buffer.alloc(32, 7);
const IMPRINT = '3031300d060960864801650304020105000420';
const SHORT_IMPRINT = '302f300b06096086480165030402010420';
const GRANTED = '3003020100';

/** A DER SEQUENCE of this content, its length in the shortest form unless it is given. */
function sequence(content: string | Buffer, length?: string): Buffer {
  const body = typeof content === 'string' ? Buffer.from(content, 'hex') : content;
  const own = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([
    Buffer.of(0x30),
    length === undefined ? Buffer.from(own) : Buffer.from(length, 'hex'),
    body,
  ]);
}

const token = (imprint: string, digest = DIGEST) => imprint + digest.toString('hex');
const read = (content: string, length?: string) => readTimestamp(sequence(content, length), DIGEST);

test('a request asks for a SHA-256 digest, with the certificate', () => {
  expect(timestampRequest(DIGEST).toString('hex')).toBe(
    `30390201013031300d060960864801650304020105000420${'07'.repeat(32)}0101ff`,
  );
});

test.each([
  ['a token', GRANTED + token(IMPRINT), undefined],
  ['a token without the NULL parameter', GRANTED + token(SHORT_IMPRINT), undefined],
  ['a token that was granted with modifications', `3003020101${token(IMPRINT)}`, undefined],
  ['a token after other members', `${GRANTED}0500${token(IMPRINT)}`, undefined],
  ['a token with a length in two bytes', GRANTED + token(IMPRINT), '820038'],
])('a response with %s over the digest is granted', (_what, content, length) => {
  expect(read(content, length)).toBe('granted');
});

test('a response of more than 127 bytes is read', () => {
  expect(read(`${GRANTED}${'00'.repeat(300)}${token(IMPRINT)}`)).toBe('granted');
});

test.each([2, 3, 255])('a response with status %i is refused', (status) => {
  expect(read(`30030201${status.toString(16).padStart(2, '0')}`)).toBe('refused');
});

test('a response over another digest is reported as such', () => {
  expect(read(GRANTED + token(IMPRINT, Buffer.alloc(32, 8)))).toBe('another digest');
  expect(read(`${GRANTED}0500`)).toBe('another digest');
});

test('a digest in the status of a response does not count', () => {
  const status = `020100${token(IMPRINT)}`;
  const info = `30${(status.length / 2).toString(16)}${status}`;
  expect(read(`${info}0500`)).toBe('another digest');
});

test.each([
  ['no bytes', ''],
  ['one byte', '30'],
  ['another DER type', '3103020100'],
  ['a byte after its end', '3005300302010000'],
  ['a length beyond its end', '30ff'],
  ['a length of four bytes', '3084000000053003020100'],
  ['a length that is cut off', '308200'],
  ['a status that is not a sequence', '30053103020100'],
  ['a status that is not an integer', '30053003030100'],
  ['a status of two bytes', '3006300402020000'],
  ['a status and no token', '30053003020100'],
  ['a status beyond its end', '30053009020100'],
])('a response with %s is malformed', (_what, hex) => {
  expect(readTimestamp(Buffer.from(hex, 'hex'), DIGEST)).toBe('malformed');
});
