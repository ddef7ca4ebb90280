import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { pemOfPublicKey } from '../../../src/tlog/ed25519';
import { vkeyOf } from '../../../src/tlog/note';
import {
  findTrustedKey,
  makeTrustFile,
  mergeTrust,
  parseTrustFile,
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
])('a trust file with %s is refused', (_, change) => {
  expect(() => parseTrustFile(bytesOf(change(TRUST)))).toThrow(MALFORMED);
});

test.each(['publicKey', 'pem', 'vkey', 'version', 'from', 'to'] as const)(
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
