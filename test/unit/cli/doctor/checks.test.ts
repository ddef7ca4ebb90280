import type { Check } from '../../../../src/cli/doctor/check';
import { judgeClock } from '../../../../src/cli/doctor/clock';
import { judgeDatabase } from '../../../../src/cli/doctor/database';
import { judgeJobService } from '../../../../src/cli/doctor/jobService';
import { judgeLedger } from '../../../../src/cli/doctor/ledger';
import { judgeSigningKey } from '../../../../src/cli/doctor/signingKey';
import { judgeLock } from '../../../../src/cli/doctor/storage';
import { judgeTemporal } from '../../../../src/cli/doctor/temporal';

const ORIGIN = 'test.example/audit';
const database = { name: 'audit', clockOffsetMs: 0, missingIndexes: ['jobs: {"status":1}'], repaired: false };
const temporal = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  missingAttributes: [['AuditJobId', 'Keyword']] as const,
  repaired: false,
};
const signingKey = { key: 'audit', versions: [1, 2], signs: true, clockOffsetMs: undefined };
const service = { url: 'https://jobs.example', hasToken: true, status: 200 };

const find = (checks: readonly Check[], name: string) => checks.filter(({ check }) => check === name);

test.each([
  [1_900, 'ok'],
  [-2_100, 'warn'],
  [5_000, 'fail'],
  [undefined, 'ok'],
])('a clock that is %s ms ahead is judged %s', (offsetMs, state) => {
  expect(judgeClock('clock', offsetMs)).toMatchObject({ state });
});

test('the sign of a clock offset tells which clock is late', () => {
  expect(judgeClock('clock', -3_000).found).toBe('3.0 s behind this machine');
  expect(judgeClock('clock', 3_000).found).toBe('3.0 s ahead of this machine');
});

test('missing indexes fail with advice, and created ones are not', () => {
  const [missing] = find(judgeDatabase(database), 'indexes');
  expect(missing).toMatchObject({ state: 'fail', advice: expect.stringContaining('indexes create') });
  const [repaired] = find(judgeDatabase({ ...database, repaired: true }), 'indexes');
  expect(repaired).toEqual({ check: 'indexes', state: 'ok', found: 'created: jobs: {"status":1}' });
});

test('missing search attributes fail with the command that registers them, and registered ones do not', () => {
  const [missing] = find(judgeTemporal(temporal), 'search attributes');
  expect(missing).toMatchObject({
    state: 'fail',
    advice: expect.stringContaining('--name AuditJobId --type Keyword'),
  });
  const [repaired] = find(judgeTemporal({ ...temporal, repaired: true }), 'search attributes');
  expect(repaired).toEqual({ check: 'search attributes', state: 'ok', found: 'registered: AuditJobId' });
});

test('search attributes that the server does not list are a warning', () => {
  const [unlisted] = find(judgeTemporal({ ...temporal, missingAttributes: undefined }), 'search attributes');
  expect(unlisted).toMatchObject({ state: 'warn', advice: expect.stringContaining('docs/temporal.md') });
});

test('a promise that storage broke fails, one that it kept does not', () => {
  const results = [
    { promise: 'a locked version is not deleted', kept: true, found: 'refused: AccessDenied' },
    { promise: 'its mode is not weakened', kept: false, found: 'storage did it' },
  ];
  expect(judgeLock(results).map(({ state }) => state)).toEqual(['ok', 'fail']);
});

test('a ledger of another origin fails, an empty bucket and the configured origin do not', () => {
  expect(judgeLedger({ origin: ORIGIN, size: 0, waiting: 0 })).toMatchObject([{ state: 'ok' }]);
  expect(judgeLedger({ origin: ORIGIN, size: 3, waiting: 0 })).toEqual([
    { check: 'ledger', state: 'ok', found: `3 snapshots of ${ORIGIN}, in bucket and database` },
  ]);
  expect(judgeLedger({ origin: ORIGIN, size: 3, waiting: 1 })).toMatchObject([
    { state: 'warn', found: expect.stringContaining('1 more are not published yet') },
  ]);
});

test('a key whose signature does not verify fails', () => {
  expect(judgeSigningKey(signingKey).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  expect(judgeSigningKey({ ...signingKey, signs: false }).map(({ state }) => state)).toEqual([
    'ok',
    'fail',
    'ok',
  ]);
});

test('what weakens the key is a warning with advice', () => {
  const warnings = [{ found: 'deletion_allowed is set', advice: 'set deletion_allowed=false' }];
  expect(judgeSigningKey({ ...signingKey, warnings })).toContainEqual({
    check: 'signing key',
    state: 'warn',
    ...warnings[0],
  });
});

test.each([
  ['no job service', { ...service, url: undefined, status: undefined }, 'ok'],
  ['a ready job service', service, 'ok'],
  ['a job service without a token for reports', { ...service, hasToken: false }, 'warn'],
  ['a job service that is not ready', { ...service, status: 503 }, 'fail'],
  ['a job service that does not answer', { ...service, status: undefined }, 'fail'],
] as const)('%s is judged as it is', (_what, facts, state) => {
  expect(judgeJobService(facts).map((check) => check.state)).toEqual([state]);
});
