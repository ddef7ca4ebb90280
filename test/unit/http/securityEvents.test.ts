import { Writable } from 'node:stream';
import { pino } from 'pino';
import { newServiceKey } from '../../../dev/demo/serviceKey';
import { createJobService, type AppDeps } from '../../../src/http/app';
import { staticKeys } from '../../../src/http/auth/staticKeys';
import { makeJobService } from '../../harness/jobService';

const reader = newServiceKey('reader', 'jobs:read');

/** The service with a log, and its lines. */
function setUp() {
  const text: string[] = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void text.push(String(chunk))) });
  const given: Partial<AppDeps> = {
    authenticate: staticKeys(JSON.stringify([reader.hashed])),
    limits: { requestsPerMinute: 2, submissionsPerMinute: 2, maxEventLoopDelayMs: 0 },
  };
  const { deps } = makeJobService(given);
  const { app } = createJobService(deps, pino({ level: 'info' }, stream));
  const ask = (token: string, url = '/jobs', method: 'GET' | 'POST' = 'GET') =>
    app.inject({ url, method, headers: { authorization: `Bearer ${token}` } });
  const lines = () => text.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { ask, lines, text };
}

test('a refused token, a missing scope and a limit are logged with their code, and no token is', async () => {
  const { ask, lines, text } = setUp();
  await ask('guess-4711');
  await ask(reader.token, '/jobs/x/cancel', 'POST');
  await ask(reader.token);
  await ask(reader.token);
  await ask(reader.token);
  const refused = lines().filter(({ msg }) => msg === 'refused');
  expect(refused.map(({ code, caller }) => [code, caller])).toEqual([
    ['UNAUTHENTICATED', undefined],
    ['SCOPE_MISSING', 'key:reader'],
    ['RATE_LIMITED', 'key:reader'],
  ]);
  expect(refused[0]).toMatchObject({ ip: '127.0.0.1', reqId: expect.any(String) });
  expect(text.join('')).not.toMatch(new RegExp(`guess-4711|${reader.token}`));
});

test('the line of a request names its caller', async () => {
  const { ask, lines } = setUp();
  await ask(reader.token);
  expect(lines().find(({ msg }) => msg === 'request completed')).toMatchObject({ caller: 'key:reader' });
});

test('a line break in what a caller sends stays within its line', async () => {
  const { ask, text } = setUp();
  await ask(reader.token, '/jobs/%0A%7B%22level%22%3A30%7D');
  for (const line of text) expect(line.trimEnd().split('\n')).toHaveLength(1);
});
