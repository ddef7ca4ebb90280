import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tsaClient } from '../../../src/tsa/tsaClient';
import { AnsweringServer } from '../../harness/answeringServer';
import { makeAuthority } from '../../harness/certificates';

const DIGEST = Buffer.alloc(32, 7);
const SHORT = { connectMs: 150, idleMs: 150, requestMs: 500 };
/** PKIStatusInfo with status 2: rejection. */
const REJECTION = Buffer.from('30053003020102', 'hex');

let server: AnsweringServer;
beforeEach(async () => {
  server = await AnsweringServer.start();
});
afterEach(() => server.stop());

const ask = (url = `${server.url}/tsa`) => tsaClient(url, { deadlines: SHORT }).timestamp(DIGEST);
const answer = (reply: (response: ServerResponse) => void) => {
  server.answer = (_request, response) => reply(response);
};
const failure = (retryable: boolean, text: string) => ({
  code: 'TIMESTAMP_FAILED',
  retryable,
  message: expect.stringContaining(text),
});

test('the request is sent as RFC 3161 defines it', async () => {
  answer((response) => response.end(REJECTION));
  await expect(ask()).rejects.toMatchObject(failure(true, 'granted no timestamp: refused'));
  expect(server.received).toMatchObject([
    { method: 'POST', url: '/tsa', headers: { 'content-type': 'application/timestamp-query' } },
  ]);
});

test('an authority that says nothing, stalls or drips ends when a deadline passes', async () => {
  answer(() => undefined);
  await expect(ask()).rejects.toMatchObject(failure(true, 'no byte within 0.15 s'));
  answer((response) => response.writeHead(200, { 'content-length': 100 }).write('x'));
  await expect(ask()).rejects.toMatchObject(failure(true, 'no byte within 0.15 s'));
  answer((response) => {
    const drip = setInterval(() => response.write('.'), 50);
    response.once('close', () => clearInterval(drip));
  });
  await expect(ask()).rejects.toMatchObject(failure(true, 'no complete response within 0.5 s'));
});

test('an authority that accepts a connection but no TLS ends after the time for connecting', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  await expect(ask(`https://127.0.0.1:${port}/`)).rejects.toMatchObject(failure(true, 'within 0.15 s'));
  silent.close();
});

test('a response of any size is received up to its limit', async () => {
  answer((response) => response.end(Buffer.alloc(8 << 20)));
  await expect(ask()).rejects.toMatchObject(failure(true, 'bytes'));
});

test.each([
  ['a web page', '<html>log in</html>'],
  ['nothing', ''],
  ['JSON', '{}'],
])('%s with status 200 is not taken for a timestamp', async (_what, body) => {
  answer((response) => response.end(body));
  await expect(ask()).rejects.toMatchObject(failure(true, 'something other than a timestamp'));
});

test('a response that is cut off is retryable', async () => {
  answer((response) => {
    response.writeHead(200, { 'content-length': 100 }).write('x');
    setTimeout(() => response.destroy(), 20);
  });
  await expect(ask()).rejects.toMatchObject(failure(true, 'does not answer'));
});

test.each([
  [500, true],
  [503, true],
  [429, true],
  [408, true],
  [400, false],
  [401, false],
  [404, false],
  [204, false],
])('status %d is retryable: %s', async (status, retryable) => {
  answer((response) => response.writeHead(status).end('<html>'));
  await expect(ask()).rejects.toMatchObject(failure(retryable, `status ${status}`));
});

test('a redirect is not followed, and the error names where it leads', async () => {
  answer((response) => response.writeHead(302, { location: 'https://other.example/tsa?token=hush' }).end());
  await expect(ask()).rejects.toMatchObject(
    failure(false, 'redirects to https://other.example: set TSA_URL'),
  );
  expect(server.received).toHaveLength(1);
});

test('an authority with a private certificate authority is trusted only with its certificate', async () => {
  const authority = makeAuthority();
  const { cert, key } = authority.issue('tsa', 'serverAuth');
  const secure = await AnsweringServer.start('127.0.0.1', {
    cert: readFileSync(cert),
    key: readFileSync(key),
  });
  secure.answer = (_request, response) => response.end(REJECTION);
  await expect(ask(secure.url)).rejects.toMatchObject(failure(false, 'set TSA_CA_FILE'));
  const trusting = tsaClient(secure.url, { ca: readFileSync(authority.ca, 'utf8') });
  await expect(trusting.timestamp(DIGEST)).rejects.toMatchObject(failure(true, 'refused'));
  await secure.stop();
});
