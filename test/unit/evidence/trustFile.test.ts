import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { pemOfPublicKey } from '../../../src/tlog/ed25519';
import { vkeyOf } from '../../../src/tlog/note';
import {
  findTrustedKey,
  makeTrustFile,
  mergeTrust,
  parseTrustFile,
  revokeKey,
  type TrustFile,
} from '../../../src/evidence/trustFile';
import { evidenceKey } from '../../harness/evidence';
import { trustIn } from '../../harness/ledger';
import { MALFORMED, testRefusals } from '../../harness/refusals';

const ORIGIN = 'audit.example.org';
const [FIRST, SECOND] = [newPublicKey(), newPublicKey()];
const TRUST = makeTrustFile(ORIGIN, [
  { version: 1, publicKey: FIRST, createdAt: new Date('2026-01-01T00:00:00.000Z') },
  { version: 3, publicKey: SECOND, createdAt: new Date('2026-02-01T00:00:00.000Z') },
]);

const AUTHORITY = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBWzCCAQ2gAwIBAgIUOathV6h4LUj/s4jhz6mvQCT4u9IwBQYDK2VwMCMxITAf',
  'BgNVBAMMGFRlc3QgdGltZXN0YW1wIGF1dGhvcml0eTAeFw0yNjExMjYxNDU4MDBa',
  'Fw0zNjExMjMxNDU4MDBaMCMxITAfBgNVBAMMGFRlc3QgdGltZXN0YW1wIGF1dGhv',
  'cml0eTAqMAUGAytlcAMhAMoAGCthcVP6chAKJyo+Os//tm4kzv0XOWoYOhaeLKNs',
  'o1MwUTAdBgNVHQ4EFgQUMKx5uKz2D3vQjXuDk36NAslqxXswHwYDVR0jBBgwFoAU',
  'MKx5uKz2D3vQjXuDk36NAslqxXswDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQCp',
  'y33zKz+BLbVhVwcKBDyXXkL9M2l7rkwgZa9h9bhmX1vhnZKaja/4cwBGzG4YuPzJ',
  '8GCWzIbssJ/CaO5e+eoF',
  '-----END CERTIFICATE-----',
  '',
].join('\n');

type Change = (trust: TrustFile) => unknown;

test('a trust file is read as it was made', () => {
  expect(parseTrustFile(bytesOf(TRUST))).toEqual(TRUST);
});

test('a trust file may be indented by hand', () => {
  expect(parseTrustFile(Buffer.from(JSON.stringify(TRUST, null, 2)))).toEqual(TRUST);
});

test('each key is in force until the next one was made, and the last one without end', () => {
  const { keys } = makeTrustFile(ORIGIN, [
    { version: 1, publicKey: FIRST, createdAt: new Date('2026-01-01T00:00:00.000Z') },
    { version: 3, publicKey: SECOND, createdAt: new Date('2026-02-01T00:00:00.000Z') },
  ]);
  expect(keys.map(({ from, to }) => [from, to])).toEqual([
    ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['2026-02-01T00:00:00.000Z', null],
  ]);
});

test('each key is written in three encodings of the same 32 bytes', () => {
  const [first] = TRUST.keys;
  expect(first?.publicKey).toBe(FIRST.toString('base64'));
  expect(createPublicKey(first?.pem ?? '').export({ format: 'jwk' })['x']).toBe(FIRST.toString('base64url'));
  expect(first?.vkey).toMatch(/^audit\.example\.org\+[0-9a-f]{8}\+/);
});

test('a key is found by its version alone', () => {
  expect(findTrustedKey(TRUST, 1)).toEqual(FIRST);
  expect(findTrustedKey(TRUST, 3)).toEqual(SECOND);
  expect(findTrustedKey(TRUST, 2)).toBeUndefined();
});

test.each<[string, Change]>([
  ['no origin', ({ keys }) => ({ keys })],
  ['an empty origin', (trust) => ({ ...trust, origin: '' })],
  ['an origin of 129 characters', (trust) => ({ ...trust, origin: 'a'.repeat(129) })],
  ['another origin than that of its verifier keys', (trust) => ({ ...trust, origin: 'evil.example.org' })],
  ['no keys', ({ origin }) => ({ origin })],
  ['an empty list of keys', (trust) => ({ ...trust, keys: [] })],
  ['an unknown member', (trust) => ({ ...trust, comment: '' })],
  ['an unknown member of a key', withKey({ comment: '' })],
  ['another public key', withKey({ publicKey: SECOND.toString('base64') })],
  ['another PEM', withKey({ pem: pemOfPublicKey(SECOND) })],
  ['another verifier key', withKey({ vkey: vkeyOf(ORIGIN, SECOND) })],
  ['a verifier key of another name', withKey({ vkey: vkeyOf(`${ORIGIN}/log`, FIRST) })],
  ['a public key of 31 bytes', withKey({ publicKey: FIRST.subarray(1).toString('base64') })],
  ['a public key without padding', withKey({ publicKey: FIRST.toString('base64').slice(0, -1) })],
  ['a PEM with Windows line ends', withKey({ pem: pemOfPublicKey(FIRST).replaceAll('\n', '\r\n') })],
  ['version 0', withKey({ version: 0 })],
  ['a fractional version', withKey({ version: 1.5 })],
  ['a version as text', withKey({ version: '1' })],
  ['the same version twice', withKey({ version: 3 })],
  ['an instant without milliseconds', withKey({ from: '2026-01-01T00:00:00Z' })],
  ['an instant with an offset', withKey({ from: '2026-01-01T01:00:00.000+01:00' })],
  ['a day that does not exist', withKey({ from: '2026-02-30T00:00:00.000Z' })],
  ['no start of a key', withKey({ from: null })],
  ['a list around it', (trust) => [trust]],
  ['an origin that is no schema-less URL', (trust) => ({ ...trust, origin: 'https://audit.example.org' })],
  ['no list of timestamp authorities', ({ origin, keys }) => ({ origin, keys })],
  ['a timestamp authority that is no certificate', withAuthorities(pemOfPublicKey(FIRST))],
  ['a timestamp authority with text around it', withAuthorities(`text\n${AUTHORITY}`)],
  ['two certificates in one timestamp authority', withAuthorities(AUTHORITY + AUTHORITY)],
  ['a timestamp authority twice', withAuthorities(AUTHORITY, AUTHORITY)],
  ['its keys in descending order', (trust) => ({ ...trust, keys: trust.keys.toReversed() })],
  [
    'the same key as two versions',
    (trust) => ({
      ...trust,
      keys: [trust.keys[0], { ...trust.keys[0], version: 3, from: trust.keys[1]!.from, to: null }],
    }),
  ],
  ['a key that ends before it starts', withKey({ to: '2025-12-31T23:59:59.999Z' })],
  ['a key that ends when it starts', withKey({ to: TRUST.keys[0]!.from })],
  ['two keys in force at the same time', withKey({ to: '2026-02-01T00:00:00.001Z' })],
  ['an older key without an end', withKey({ to: null })],
  ['a revoked key without a size', withKey({ revoked: {} })],
  ['a revoked key with a negative size', withKey({ revoked: { ledgerSize: -1 } })],
  ['a revoked key with another member', withKey({ revoked: { ledgerSize: 1, at: TRUST.keys[0]!.from } })],
  ['a revocation that is true or false', withKey({ revoked: true })],
])('a trust file with %s is refused', (_, change) => {
  expect(() => parseTrustFile(bytesOf(change(TRUST)))).toThrow(MALFORMED);
});

test.each(['publicKey', 'pem', 'vkey', 'version', 'from', 'to', 'revoked'] as const)(
  'a trust file that has a key without %s is refused',
  (member) => {
    const { [member]: _, ...first } = TRUST.keys[0]!;
    expect(() => parseTrustFile(bytesOf({ ...TRUST, keys: [first] }))).toThrow(MALFORMED);
  },
);

test.each([
  ['not JSON', Buffer.from('{')],
  ['empty', Buffer.alloc(0)],
  ['not UTF-8', withBrokenOrigin()],
  ['larger than 1 MiB', Buffer.concat([bytesOf(TRUST), Buffer.alloc(1 << 20, ' ')])],
])('a trust file that is %s is refused', (_, bytes) => {
  expect(() => parseTrustFile(bytes)).toThrow(MALFORMED);
});

test('a trust file with a pause between two keys, a revoked key and an authority is read as it is', () => {
  const [first, second] = TRUST.keys;
  const trust = {
    ...TRUST,
    keys: [{ ...first, to: '2026-01-31T00:00:00.000Z', revoked: { ledgerSize: 12 } }, second],
    timestampAuthorities: [{ pem: AUTHORITY }],
  };
  expect(parseTrustFile(bytesOf(trust))).toEqual(trust);
});

function withAuthorities(...pems: readonly string[]): Change {
  return (trust) => ({ ...trust, timestampAuthorities: pems.map((pem) => ({ pem })) });
}

function withKey(members: Record<string, unknown>): Change {
  return ({ origin, keys }) => ({ origin, keys: [{ ...keys[0], ...members }, ...keys.slice(1)] });
}

/** An origin that a lenient decoder reads as the very one that the verifier key was made for. */
function withBrokenOrigin(): Buffer {
  const key = { version: 1, publicKey: FIRST, createdAt: new Date(0) };
  const text = bytesOf(makeTrustFile('audit\ufffd', [key])).toString('latin1');
  return Buffer.from(text.replaceAll('\xef\xbf\xbd', '\xff'), 'latin1');
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function newPublicKey(): Buffer {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

test('a trust file after a byte order mark is refused', () => {
  const bytes = Buffer.from(JSON.stringify(trustIn(evidenceKey(1))));
  expect(parseTrustFile(bytes).keys).toHaveLength(1);
  expect(() => parseTrustFile(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bytes]))).toThrow('not JSON');
});

const ALL = trustIn(evidenceKey(1), evidenceKey(2), evidenceKey(3));
const SERVED = { ...ALL, keys: ALL.keys.slice(1) };

test('a merged trust file keeps the key versions that are no longer served', () => {
  expect(mergeTrust({ ...ALL, keys: ALL.keys.slice(0, 2) }, SERVED)).toEqual(ALL);
  expect(mergeTrust(SERVED, SERVED).keys.map(({ version }) => version)).toEqual([2, 3]);
});

test('a merged trust file has its keys in order of version', () => {
  const [one, two, three] = ALL.keys;
  expect(mergeTrust({ ...ALL, keys: [two!] }, { ...ALL, keys: [one!, three!] })).toEqual(ALL);
});

test('trust files with different keys for one version, or of different origins, are not merged', () => {
  const forged = trustIn(evidenceKey(1), evidenceKey(9));
  expect(() => mergeTrust(forged, SERVED)).toThrow('key version 2 of audit.example.org is not the one');
  expect(() => mergeTrust({ ...ALL, origin: 'other.example' }, SERVED)).toThrow(
    'key version 1 of other.example',
  );
});

const [first, second] = trustIn(evidenceKey(1), evidenceKey(2)).keys;
const readKeys =
  (...keys: unknown[]) =>
  () =>
    parseTrustFile(bytesOf({ ...ALL, keys }));

testRefusals('a trust file', [
  ['beyond 1 MiB', () => parseTrustFile(Buffer.alloc((1 << 20) + 1)), 'trust file is larger than 1 MiB'],
  ['of exactly 1 MiB of NUL', () => parseTrustFile(Buffer.alloc(1 << 20)), 'trust file is not JSON'],
  [
    'that is a number',
    () => parseTrustFile(bytesOf(1)),
    'trust file: Invalid input: expected object, received number',
  ],
  [
    'with a version in text',
    readKeys({ ...first, version: '1' }),
    'trust file: keys.0.version: Invalid input: expected number, received string',
  ],
  [
    'with encodings of two keys',
    readKeys({ ...first, pem: second?.pem }),
    'trust file: the encodings of key version 1 do not agree',
  ],
  ['with a key version twice', readKeys(first, first), 'trust file: a key version is listed twice'],
]);

test('the error of trust files that do not merge names the version and both origins', () => {
  expect(() => mergeTrust(trustIn(evidenceKey(1)), trustIn(evidenceKey(3)))).toThrow(
    expect.objectContaining({
      code: 'EVIDENCE_INVALID',
      message: 'key version 1 of audit.example.org is not the one that is served for audit.example.org',
    }) as Error,
  );
});

test('a merged trust file ends the range of a key that is no longer served where the next one starts', () => {
  const [one, two, three] = ALL.keys;
  const earlier = { ...ALL, keys: [one!, { ...two!, to: null }] };
  const merged = mergeTrust(earlier, { ...ALL, keys: [three!] });
  expect(merged).toEqual(ALL);
  expect(parseTrustFile(bytesOf(merged))).toEqual(ALL);
});

test('a merged trust file keeps revocations and timestamp authorities of the earlier one', () => {
  const earlier = { ...revokeKey(ALL, 2, 7), timestampAuthorities: [{ pem: AUTHORITY }] };
  const merged = mergeTrust(earlier, SERVED);
  expect(merged.keys.map(({ revoked }) => revoked)).toEqual([null, { ledgerSize: 7 }, null]);
  expect(merged.timestampAuthorities).toEqual([{ pem: AUTHORITY }]);
  expect(mergeTrust(earlier, { ...SERVED, timestampAuthorities: [{ pem: AUTHORITY }] })).toEqual(merged);
});

test('trust files whose ranges overlap are not merged', () => {
  const earlier = { ...ALL, keys: [{ ...ALL.keys[0]!, to: '2030-01-01T00:00:00.000Z' }] };
  expect(() => mergeTrust(earlier, SERVED)).toThrow('key versions 1 and 2 are in force at the same time');
});

test('two key versions of one millisecond get ranges that a reader accepts', () => {
  const createdAt = new Date('2026-01-01T00:00:00.000Z');
  const trust = makeTrustFile(ORIGIN, [
    { version: 1, publicKey: FIRST, createdAt },
    { version: 2, publicKey: SECOND, createdAt },
  ]);
  expect(parseTrustFile(bytesOf(trust)).keys.map(({ from }) => from)).toEqual([
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.001Z',
  ]);
});

test('a key is revoked for ledgers beyond a size, which can be lowered and not raised', () => {
  const revoked = revokeKey(ALL, 2, 7);
  expect(parseTrustFile(bytesOf(revoked)).keys.map((key) => key.revoked)).toEqual([
    null,
    { ledgerSize: 7 },
    null,
  ]);
  expect(revokeKey(revoked, 2, 0).keys[1]!.revoked).toEqual({ ledgerSize: 0 });
  expect(() => revokeKey(revoked, 2, 8)).toThrow(
    'key version 2 is revoked already, for ledgers of more than 7 entries; a revocation is not taken back',
  );
  expect(() => revokeKey(ALL, 4, 0)).toThrow('the trust file has no key version 4; it has 1, 2, 3');
});
