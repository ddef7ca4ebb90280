import {
  countsForEntry,
  countsForSize,
  judgeKey,
  trustOfOneKey,
  wasInForce,
} from '../../../src/evidence/keyStanding';
import { CLOCK_SKEW_MS } from '../../../src/evidence/limits';
import { makeTrustFile, revokeKey } from '../../../src/evidence/trustFile';
import { evidenceKey } from '../../harness/evidence';

const JANUARY = Date.parse('2026-01-01T00:00:00.000Z');
const FEBRUARY = Date.parse('2026-02-01T00:00:00.000Z');
const TRUST = makeTrustFile('audit.example.org', [
  { version: 2, publicKey: evidenceKey(2).publicKey, createdAt: new Date(JANUARY) },
  { version: 4, publicKey: evidenceKey(4).publicKey, createdAt: new Date(FEBRUARY) },
]);
const [TWO, FOUR] = TRUST.keys;
const publicKey = (seed: number) => evidenceKey(seed).publicKey.toString('base64');
const standing = (version: number, seed: number) => judgeKey(TRUST, { version, publicKey: publicKey(seed) });

const inForceAt = (ms: number) => [wasInForce(TWO!, ms), wasInForce(FOUR!, ms)];

test('a key of the trust file is known by version and key together', () => {
  expect(standing(2, 2)).toEqual({ kind: 'known', key: TWO });
  expect(standing(4, 4)).toEqual({ kind: 'known', key: FOUR });
});

test.each([
  ['newer than all', 5],
  ['older than all', 1],
  ['between two', 3],
])('a key version that is %s of the trust file is unknown, not false', (_, version) => {
  expect(standing(version, 9)).toMatchObject({
    kind: 'unknown',
    expected: expect.stringContaining('export the trust file again') as string,
    found: `key version ${version}`,
  });
});

test('a known version with another key, and a known key as another version, are false', () => {
  expect(standing(2, 9)).toEqual({ kind: 'other', expected: publicKey(2), found: publicKey(9) });
  expect(standing(2, 4)).toMatchObject({ kind: 'other' });
  expect(standing(9, 4)).toEqual({
    kind: 'other',
    expected: 'key version 4, which has this key',
    found: 'key version 9',
  });
});

test('a single pinned key is known as every version, and every other key is unknown', () => {
  const trust = trustOfOneKey('audit.example.org', evidenceKey(2).publicKey);
  for (const version of [1, 7])
    expect(judgeKey(trust, { version, publicKey: publicKey(2) }).kind).toBe('known');
  expect(judgeKey(trust, { version: 1, publicKey: publicKey(4) })).toMatchObject({
    kind: 'unknown',
    expected: expect.stringContaining('a trust file') as string,
  });
  expect(wasInForce(trust.keys[0]!, Date.now())).toBe(true);
});

test('a key was in force from its start to the start of the next one, with an allowance on both sides', () => {
  expect(inForceAt(JANUARY - CLOCK_SKEW_MS - 1)).toEqual([false, false]);
  expect(inForceAt(JANUARY - CLOCK_SKEW_MS)).toEqual([true, false]);
  expect(inForceAt(FEBRUARY - CLOCK_SKEW_MS - 1)).toEqual([true, false]);
  expect(inForceAt(FEBRUARY)).toEqual([true, true]);
  expect(inForceAt(FEBRUARY + CLOCK_SKEW_MS)).toEqual([true, true]);
  expect(inForceAt(FEBRUARY + CLOCK_SKEW_MS + 1)).toEqual([false, true]);
});

test('a revoked key counts for entries below its size, and for checkpoints up to it', () => {
  const [revoked] = revokeKey(TRUST, 2, 3).keys;
  expect([2, 3].map((index) => countsForEntry(revoked!, index))).toEqual([true, false]);
  expect([3, 4].map((size) => countsForSize(revoked!, size))).toEqual([true, false]);
  expect([countsForEntry(TWO!, 1e6), countsForSize(TWO!, 1e6)]).toEqual([true, true]);
});
