import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { connectObjectStore } from '../../../src/storage/minioObjectStore';
import { AnsweringServer } from '../../harness/answeringServer';
import { storageConfigFor } from '../../harness/storageConfig';

const UNTIL = new Date('2030-01-01T00:00:00.000Z');
const VERSION = { 'x-amz-version-id': 'v', etag: '"e"' };
const SHORT = { connectMs: 150, idleMs: 150, requestMs: 600 };

let server: AnsweringServer;

beforeEach(async () => {
  server = await AnsweringServer.start();
});
afterEach(() => server.stop());

const store = (deadlines = SHORT) => connectObjectStore(storageConfigFor(server.url, { deadlines }));
const answer = (reply: (response: ServerResponse) => void) => {
  server.answer = (_request, response) => reply(response);
};
const s3Error = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>why</Message></Error>`;
const unauthorized = (text: string) => ({
  code: 'STORAGE_UNAUTHORIZED',
  retryable: false,
  message: expect.stringContaining(text),
});
const put = () => store().putOnce('k', Buffer.from('x'), UNTIL);

describe('a server that stops answering', () => {
  const OPERATIONS = [
    ['checkBucket', () => store().checkBucket()],
    ['putOnce', put],
    ['replace', () => store().replace('k', Buffer.from('x'), UNTIL, '"e"')],
    ['get', () => store().get('k', 10)],
    ['listVersions', () => store().listVersions('p')[Symbol.asyncIterator]().next()],
    ['readLock', () => store().readLock('k', 'v')],
    ['extendLock', () => store().extendLock('k', 'v', UNTIL)],
    ['setLegalHold', () => store().setLegalHold('k', 'v', true)],
    ['readLegalHold', () => store().readLegalHold('k', 'v')],
  ] as const;

  test.each(OPERATIONS)('%s ends after the longest silence when no response comes', async (_name, call) => {
    answer(() => undefined);
    await expect(call()).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      retryable: true,
      message: expect.stringContaining('no byte within 0.15 s'),
    });
  });

  test('a body that stalls in the middle ends after the longest silence', async () => {
    answer((response) => response.writeHead(200, { ...VERSION, 'content-length': 10 }).write('half'));
    await expect(store().get('k', 10)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      retryable: true,
    });
    await expect(store().listVersions('p')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
    });
  });

  test('a body that arrives byte by byte ends when the time for the whole request has passed', async () => {
    answer((response) => {
      response.writeHead(200, { ...VERSION, 'content-length': 1000 });
      const drip = setInterval(() => response.write('.'), 50);
      response.once('close', () => clearInterval(drip));
    });
    await expect(store().get('k', 1000)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      message: expect.stringContaining('no complete response within 0.6 s'),
    });
  });

  test('a server that accepts a connection but no TLS ends after the time for connecting', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const deadlines = { ...SHORT, idleMs: 5_000, requestMs: 5_000 };
    const unfinished = connectObjectStore(storageConfigFor(`https://127.0.0.1:${port}`, { deadlines }));
    await expect(unfinished.checkBucket()).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      retryable: true,
      message: expect.stringContaining('no connection within 0.15 s'),
    });
    silent.close();
  });

  test('an error response whose body never ends is judged by its status', async () => {
    answer((response) => response.writeHead(503, { 'content-length': 1000 }).write('<Error>'));
    await expect(put()).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: true });
  });
});

describe('the connections of a store', () => {
  test('a hundred reads of locks, refusals and writes reuse one connection', async () => {
    const reused = store();
    const lock = {
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': UNTIL.toISOString(),
    };
    answer((response) => response.writeHead(200, { ...VERSION, ...lock, 'content-length': 5 }).end('chunk'));
    for (let read = 0; read < 40; read++) await reused.readLock('k', 'v');
    for (let write = 0; write < 20; write++) await reused.putOnce('k', Buffer.from('x'), UNTIL);
    const refusal = s3Error('SlowDown');
    answer((response) => response.writeHead(503, { 'content-length': refusal.length }).end(refusal));
    for (let refused = 0; refused < 20; refused++) {
      await expect(reused.get('k', 1)).rejects.toMatchObject({ retryable: true });
      await expect(reused.readLock('k', 'v')).rejects.toMatchObject({ retryable: true });
    }
    expect(server.connections).toBe(1);
  });

  test('a body that is larger than the limit is not received', async () => {
    answer((response) => {
      response.writeHead(200, { ...VERSION, 'content-length': 1 << 30 });
      response.write(Buffer.alloc(1 << 20));
    });
    await expect(store().get('k', 100)).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: false });
    answer((response) => response.writeHead(200, VERSION).end(Buffer.alloc(200)));
    await expect(store().get('k', 100)).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: false });
  });

  test('no request has an MD5, and every body has a SHA-256', async () => {
    answer((response) => response.writeHead(200, VERSION).end());
    await put();
    await store().extendLock('k', 'v', UNTIL);
    await store().setLegalHold('k', 'v', true);
    const bodies = server.received.filter(({ body }) => body !== '');
    expect(bodies).toHaveLength(3);
    for (const { headers } of bodies)
      expect(headers['x-amz-checksum-sha256']).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    for (const { headers } of server.received) expect(Object.keys(headers)).not.toContain('content-md5');
  });
});

describe('responses with an error status', () => {
  test.each([
    [503, 'SlowDown', true],
    [500, 'InternalError', true],
    [429, 'TooManyRequests', true],
    [507, 'XMinioStorageFull', true],
    [409, 'OperationAborted', true],
    [409, 'ConditionalRequestConflict', true],
    [400, 'RequestTimeout', true],
    [501, 'NotImplemented', false],
    [400, 'InvalidRequest', false],
    [409, 'InvalidBucketState', false],
  ])('status %d with %s is retryable: %s', async (status, code, retryable) => {
    answer((response) => response.writeHead(status).end(s3Error(code)));
    await expect(put()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable,
      message: expect.stringContaining(`${code}: why`),
    });
  });

  test.each([403, 404, 405, 409, 412, 418, 429, 500, 501, 502, 503, 504, 507])(
    'a page of HTML with status %d is not taken for an answer of S3',
    async (status) => {
      answer((response) => response.writeHead(status).end('<html><Code>NoSuchKey</Code></html>'));
      const retryable = status === 429 || (status >= 500 && status !== 501);
      const code = status === 403 ? 'STORAGE_UNAUTHORIZED' : 'STORAGE_FAILED';
      const message = expect.stringMatching(new RegExp(`HTTP ${status}: .* not an S3 error`));
      await expect(store().get('k', 10)).rejects.toMatchObject({ code, retryable, message });
      await expect(put()).rejects.toMatchObject({ code, retryable, message });
    },
  );

  test.each([
    [404, undefined],
    [405, undefined],
    [403, expect.objectContaining({ code: 'STORAGE_UNAUTHORIZED', retryable: false })],
    [409, expect.objectContaining({ code: 'STORAGE_FAILED', retryable: true })],
    [500, expect.objectContaining({ code: 'STORAGE_FAILED', retryable: true })],
    [507, expect.objectContaining({ code: 'STORAGE_FAILED', retryable: true })],
    [418, expect.objectContaining({ code: 'STORAGE_FAILED', retryable: false })],
  ])('status %d without a body is judged by the status', async (status, expected) => {
    answer((response) => response.writeHead(status).end());
    const outcome = await store()
      .get('k', 10)
      .catch((error: unknown) => error);
    expect(outcome).toEqual(expected);
  });

  test.each([404, 412, 400, 500])(
    'a body that is cut off under status %d is retryable, and never an absent key',
    async (status) => {
      answer((response) => {
        response.writeHead(status, { 'content-length': 500 }).write('<?xml version="1.0"?><Error><Co');
        setTimeout(() => response.destroy(), 20);
      });
      await expect(store().get('k', 10)).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: true });
      await expect(put()).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: true });
    },
  );

  test('an error body of any size is read up to its limit', async () => {
    let sent = 0;
    answer((response) => {
      response.writeHead(500);
      const flood = () => {
        while (response.write(Buffer.alloc(65_536, 'x'))) sent += 65_536;
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    });
    await expect(put()).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: true });
    expect(sent).toBeLessThan(64 << 20);
  });

  test('a successful response cut in its body is retryable', async () => {
    answer((response) => {
      response.writeHead(200, { ...VERSION, 'content-length': 10 }).write('half');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(store().get('k', 10)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      retryable: true,
    });
  });

  test('a web page with status 200 is not taken for an object, a listing or a configuration', async () => {
    answer((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html><p>log in'));
    await expect(store().get('k', 100)).rejects.toMatchObject({
      message: expect.stringContaining('S3_ENDPOINT'),
    });
    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('S3_ENDPOINT') });
    await expect(store().listVersions('p')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
    await expect(store().checkBucket()).rejects.toMatchObject({ code: 'BUCKET_WITHOUT_LOCK' });
  });

  test('a bucket in another region is named with its region', async () => {
    answer((response) => response.writeHead(301, { 'x-amz-bucket-region': 'eu-west-1' }).end());
    await expect(store().checkBucket()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: false,
      message: expect.stringContaining('region eu-west-1: check S3_REGION'),
    });
  });

  test('a refusal names the right that the request needs, for an absent key the right to list', async () => {
    answer((response) => response.writeHead(403).end(s3Error('AccessDenied')));
    await expect(store().get('k', 10)).rejects.toMatchObject(unauthorized('s3:ListBucket'));
    await expect(store().get('k', 10, 'v')).rejects.toMatchObject(unauthorized('s3:GetObjectVersion'));
    await expect(put()).rejects.toMatchObject(unauthorized('s3:PutObject and s3:PutObjectRetention'));
    await expect(store().listVersions('p')[Symbol.asyncIterator]().next()).rejects.toMatchObject(
      unauthorized('s3:ListBucketVersions'),
    );
    await expect(store().checkBucket()).rejects.toMatchObject(
      unauthorized('s3:GetBucketObjectLockConfiguration'),
    );
    await expect(store().setLegalHold('k', 'v', true)).rejects.toMatchObject(
      unauthorized('s3:PutObjectLegalHold'),
    );
  });

  test('control characters in a message of storage do not reach a terminal', async () => {
    answer((response) =>
      response.writeHead(400).end('<Error><Code>Bad</Code><Message>\u001b[2Ja\u0007b</Message></Error>'),
    );
    await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('Bad: [2Ja b') });
  });
});

describe('addresses of storage', () => {
  test('an IPv6 address is reached, in path style', async () => {
    const six = await AnsweringServer.start('::1');
    six.answer = (_request, response) => response.writeHead(200, VERSION).end('body');
    const reached = connectObjectStore(storageConfigFor(six.url));
    await expect(reached.get('a/b', 10)).resolves.toMatchObject({ body: Buffer.from('body') });
    expect(six.received).toMatchObject([
      { url: '/audit-snapshots/a/b', headers: { host: new URL(six.url).host } },
    ]);
    await six.stop();
  });

  test('in virtual-host style the bucket is part of the host name', async () => {
    const config = storageConfigFor('http://storage.invalid:9000', { pathStyle: false });
    await expect(connectObjectStore(config).get('a/b', 10)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      message: expect.stringContaining('audit-snapshots.storage.invalid'),
    });
  });
});
