import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectObjectStore } from '../../../src/storage/minioObjectStore';
import { AnsweringServer } from '../../harness/answeringServer';
import { storageConfigFor } from '../../harness/storageConfig';

const VERSION = { 'x-amz-version-id': 'v' };
const UNTIL = '2030-01-02T03:04:05.000Z';
const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;

let server: AnsweringServer;
beforeEach(async () => {
  server = await AnsweringServer.start();
});
afterEach(() => server.stop());

const store = () => connectObjectStore(storageConfigFor(server.url));
const list = (prefix: string) => store().listVersions(prefix)[Symbol.asyncIterator]().next();

/** Headers say nothing about lock and hold; `reply` answers the request for them. */
function hides(reply: (response: ServerResponse) => void): void {
  server.answer = (request: IncomingMessage, response) =>
    request.method === 'HEAD' ? response.writeHead(200, VERSION).end() : reply(response);
}

describe('a lock or hold that the headers of a version do not show', () => {
  test.each([
    ['lock', 's3:GetObjectRetention', () => store().readLock('k', 'v')],
    ['hold', 's3:GetObjectLegalHold', () => store().readLegalHold('k', 'v')],
  ])('is no missing %s if the caller may not see it: the error names %s', async (_what, right, read) => {
    hides((response) => response.writeHead(403).end(xml('AccessDenied')));
    await expect(read()).rejects.toMatchObject({
      code: 'STORAGE_UNAUTHORIZED',
      message: expect.stringContaining(right),
    });
  });

  test.each([
    [404, 'NoSuchObjectLockConfiguration'],
    [400, 'InvalidRequest'],
    [501, 'NotImplemented'],
  ])('does not exist if storage answers %d %s', async (status, code) => {
    hides((response) => response.writeHead(status).end(xml(code)));
    await expect(store().readLock('k', 'v')).resolves.toBeUndefined();
    await expect(store().readLegalHold('k', 'v')).resolves.toBe(false);
  });

  test('is the one that storage names when it is asked for it', async () => {
    hides((response) =>
      response.end(
        `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${UNTIL}</RetainUntilDate></Retention>`,
      ),
    );
    await expect(store().readLock('k', 'v')).resolves.toEqual({ mode: 'COMPLIANCE', until: new Date(UNTIL) });
    hides((response) => response.end('<LegalHold><Status>ON</Status></LegalHold>'));
    await expect(store().readLegalHold('k', 'v')).resolves.toBe(true);
  });

  test.each([
    ['storage fails', (response: ServerResponse) => response.writeHead(503).end(xml('SlowDown'))],
    [
      'the answer is cut off',
      (response: ServerResponse) => {
        response.writeHead(404, { 'content-length': 1000 }).write(xml('NoSuch'));
        setTimeout(() => response.destroy(), 20);
      },
    ],
  ])('is asked for again if %s', async (_what, reply) => {
    hides(reply);
    await expect(store().readLock('k', 'v')).rejects.toMatchObject({ retryable: true });
  });
});

describe('a server that ignores', () => {
  const ignores = { code: 'STORAGE_FAILED', retryable: false, message: expect.stringContaining('ignores') };

  test('the version of a request is found, and its answer is not used', async () => {
    server.answer = (_request, response) => response.writeHead(200, VERSION).end('x');
    await expect(store().get('k', 10, 'w')).rejects.toMatchObject(ignores);
    await expect(store().readLock('k', 'w')).rejects.toMatchObject(ignores);
    await expect(store().get('k', 10, 'v')).resolves.toMatchObject({ versionId: 'v' });
  });

  test('the prefix of a list is found, and its answer is not used', async () => {
    const version = '<Version><Key>other/key</Key><VersionId>v</VersionId><Size>1</Size></Version>';
    server.answer = (_request, response) =>
      response.end(`<?xml version="1.0"?><ListVersionsResult>${version}</ListVersionsResult>`);
    await expect(list('snapshots/')).rejects.toMatchObject(ignores);
    await expect(list('other/')).resolves.toMatchObject({ value: { key: 'other/key' } });
  });
});
