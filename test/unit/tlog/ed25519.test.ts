import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { pemOfPublicKey, publicKeyOfPem, verifyEd25519 } from '../../../src/tlog/ed25519';
import { everyBitFlip } from '../../harness/flipBit';
import { MALFORMED, testRefusals } from '../../harness/refusals';

/** RFC 8032, section 7.1, TEST 1–3. */
const VECTORS = [
  {
    test: 1,
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    test: 2,
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    test: 3,
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
].map(({ test: number, ...hex }) => ({
  number,
  publicKey: Buffer.from(hex.publicKey, 'hex'),
  message: Buffer.from(hex.message, 'hex'),
  signature: Buffer.from(hex.signature, 'hex'),
}));
const [FIRST, SECOND] = [VECTORS[0]!, VECTORS[1]!];

/** The order of the group, little-endian: S + L is the same residue in a second spelling. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

test.each(VECTORS)('signature $number of RFC 8032 verifies', ({ publicKey, message, signature }) => {
  expect(verifyEd25519(publicKey, message, signature)).toBe(true);
});

test.each(VECTORS)('signature $number of RFC 8032 with any bit flipped does not verify', (vector) => {
  const { publicKey, message, signature } = vector;
  const accepted = everyBitFlip(signature).filter((flipped) => verifyEd25519(publicKey, message, flipped));
  expect(accepted).toEqual([]);
});

test('a signature does not verify when any bit of its key or message is flipped', () => {
  const { publicKey, message, signature } = SECOND;
  expect(everyBitFlip(publicKey).filter((key) => verifyEd25519(key, message, signature))).toEqual([]);
  expect(everyBitFlip(message).filter((text) => verifyEd25519(publicKey, text, signature))).toEqual([]);
});

test('a signature verifies under no other key and for no other message', () => {
  expect(verifyEd25519(SECOND.publicKey, FIRST.message, FIRST.signature)).toBe(false);
  expect(verifyEd25519(FIRST.publicKey, SECOND.message, FIRST.signature)).toBe(false);
});

test('a scalar beyond the order of the group is refused', () => {
  const { publicKey, message, signature } = SECOND;
  const scalar = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`) + L;
  const second = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').toReversed();
  expect(verifyEd25519(publicKey, message, Buffer.concat([signature.subarray(0, 32), second]))).toBe(false);
});

test.each([
  ['a key of 31 bytes', FIRST.publicKey.subarray(1), FIRST.signature],
  ['a key of 33 bytes', Buffer.concat([FIRST.publicKey, Buffer.alloc(1)]), FIRST.signature],
  ['no key', Buffer.alloc(0), FIRST.signature],
  ['a signature of 63 bytes', FIRST.publicKey, FIRST.signature.subarray(0, 63)],
  ['a signature of 65 bytes', FIRST.publicKey, Buffer.concat([FIRST.signature, Buffer.alloc(1)])],
  ['no signature', FIRST.publicKey, Buffer.alloc(0)],
  ['a key that is not a point on the curve', Buffer.alloc(32, 0x02), FIRST.signature],
])('%s verifies nothing', (_, publicKey, signature) => {
  expect(verifyEd25519(publicKey, FIRST.message, signature)).toBe(false);
});

test.each(VECTORS)('the PEM of key $number verifies its signature in node:crypto', (vector) => {
  const { publicKey, message, signature } = vector;
  const key = createPublicKey(pemOfPublicKey(publicKey));
  expect(key.asymmetricKeyType).toBe('ed25519');
  expect(verify(null, message, key, signature)).toBe(true);
});

test('the PEM of a key is the one of RFC 8410, section 10.1', () => {
  const publicKey = Buffer.from('19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1', 'hex');
  const pem = [
    '-----BEGIN PUBLIC KEY-----',
    'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=',
    '-----END PUBLIC KEY-----',
    '',
  ].join('\n');
  expect(pemOfPublicKey(publicKey)).toBe(pem);
  expect(publicKeyOfPem(pem)).toEqual(publicKey);
});

test.each([
  ['an RSA key', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
  ['a P-256 key', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
  ['an X25519 key', () => pemOf(generateKeyPairSync('x25519').publicKey)],
  ['an Ed448 key', () => pemOf(generateKeyPairSync('ed448').publicKey)],
  ['base64 without PEM lines', () => 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='],
  ['an empty text', () => ''],
])('%s is refused as a public key', (_, make) => {
  expect(() => publicKeyOfPem(make())).toThrow(MALFORMED);
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

testRefusals('a public key', [
  ['that is not PEM', () => publicKeyOfPem('PEM'), 'not a public key in PEM'],
  ['on another curve', () => publicKeyOfPem(P256), 'not an Ed25519 public key'],
  ['for another use of its curve', () => publicKeyOfPem(X25519), 'not an Ed25519 public key'],
]);

function pemOf(key: ReturnType<typeof createPublicKey>): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
