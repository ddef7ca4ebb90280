import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStorageConfig } from '../../../../src/config';
import { connectObjectStore } from '../../../../src/storage/minioObjectStore';
import { AnsweringServer } from '../../../harness/answeringServer';

const SECRETS = ['identity-token-1', 'identity-token-2', 'hush-secret', 'session-token'];
const FOUND = { 'x-amz-version-id': 'v', etag: '"e"' };

const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-credentials-'));
const tokenFile = join(directory, 'token');
let storage: AnsweringServer;
let source: AnsweringServer;

beforeEach(async () => {
  [storage, source] = await Promise.all([AnsweringServer.start(), AnsweringServer.start()]);
  storage.answer = (_request, response) => response.writeHead(200, FOUND).end('x');
  writeFileSync(tokenFile, 'identity-token-1\n');
});
afterEach(() => Promise.all([storage.stop(), source.stop()]));
afterAll(() => rmSync(directory, { recursive: true }));

const storeWith = (env: Record<string, string>) =>
  connectObjectStore(
    readStorageConfig({
      AUDIT_SNAPSHOT_CONFIG: '',
      S3_ENDPOINT: storage.url,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: source.url,
      ...env,
    }),
  );
const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const json = (expiration = soon(60), key = 'ASIA1') =>
  JSON.stringify({
    Code: 'Success',
    AccessKeyId: key,
    SecretAccessKey: 'hush-secret',
    Token: 'session-token',
    Expiration: expiration,
  });
const sts = (expiration = soon(60)) =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>hush-secret</SecretAccessKey><SessionToken>session-token</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
const webIdentity = () => ({
  AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
  AWS_ROLE_ARN: 'arn:aws:iam::1:role/sealer',
  AWS_ENDPOINT_URL_STS: source.url,
});
const container = () => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `${source.url}/v1/credentials`,
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
});

/** What the request to storage was signed with. */
function signedWith(): unknown {
  const { headers } = storage.received.at(-1)!;
  return {
    key: /Credential=([^/]+)\//.exec(String(headers.authorization))?.[1],
    token: headers['x-amz-security-token'],
  };
}

function imds(request: IncomingMessage, response: ServerResponse): void {
  const { url, method, headers } = request;
  if (url === '/latest/api/token' && method === 'PUT') response.end('imds-token');
  else if (headers['x-aws-ec2-metadata-token'] !== 'imds-token') response.writeHead(401).end();
  else if (url === '/latest/meta-data/iam/security-credentials/') response.end('sealer\n');
  else if (url === '/latest/meta-data/iam/security-credentials/sealer') response.end(json());
  else response.writeHead(404).end();
}

async function failureOf(call: () => Promise<unknown>): Promise<Error> {
  const error = await call().then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown as Error,
  );
  const shown = `${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${String(error.cause)}`;
  for (const secret of SECRETS) expect(shown).not.toContain(secret);
  return error;
}

test('a key of the settings is used before any other source, with its session token', async () => {
  const own = { S3_ACCESS_KEY: 'own', S3_SECRET_KEY: 's', S3_SESSION_TOKEN: 'own-token' };
  await storeWith({ ...own, ...webIdentity() }).get('k', 1);
  expect(signedWith()).toEqual({ key: 'own', token: 'own-token' });
  const aws = { AWS_ACCESS_KEY_ID: 'aws', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'aws-token' };
  await storeWith({ ...aws, ...webIdentity() }).get('k', 1);
  expect(signedWith()).toEqual({ key: 'aws', token: 'aws-token' });
  expect(source.received).toEqual([]);
});

describe('a web identity', () => {
  test('is exchanged for credentials, in the body of the request', async () => {
    source.answer = (_request, response) => response.end(sts());
    await storeWith(webIdentity()).get('k', 1);
    expect(signedWith()).toEqual({ key: 'ASIA1', token: 'session-token' });
    expect(source.received).toMatchObject([{ method: 'POST', url: '/' }]);
    expect(Object.fromEntries(new URLSearchParams(source.received[0]!.body))).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::1:role/sealer',
      RoleSessionName: 'audit-snapshot',
      WebIdentityToken: 'identity-token-1',
    });
  });

  test('is read from its file again when the credentials are renewed', async () => {
    source.answer = (_request, response) => response.end(sts(soon(-1)));
    const store = storeWith(webIdentity());
    await store.get('k', 1);
    writeFileSync(tokenFile, 'identity-token-2');
    await store.get('k', 1);
    expect(source.received.map(({ body }) => new URLSearchParams(body).get('WebIdentityToken'))).toEqual([
      'identity-token-1',
      'identity-token-2',
    ]);
  });

  test.each([
    [403, 'AccessDenied', false],
    [400, 'InvalidIdentityToken', false],
    [400, 'ExpiredTokenException', true],
    [400, 'Throttling', true],
    [503, '', true],
  ])('that is refused with status %d and %s is retryable: %s', async (status, code, retryable) => {
    const body = `<ErrorResponse><Error><Code>${code}</Code><Message>of identity-token-1</Message></Error></ErrorResponse>`;
    source.answer = (_request, response) => response.writeHead(status).end(code === '' ? '<html>' : body);
    expect(await failureOf(() => storeWith(webIdentity()).get('k', 1))).toMatchObject({
      code: 'STORAGE_UNAUTHORIZED',
      retryable,
      message: expect.stringContaining('arn:aws:iam::1:role/sealer'),
    });
  });

  test('whose file is missing or empty is named by its setting', async () => {
    for (const wrong of [join(directory, 'nowhere'), '/dev/null'])
      await expect(
        storeWith({ ...webIdentity(), AWS_WEB_IDENTITY_TOKEN_FILE: wrong }).get('k', 1),
      ).rejects.toMatchObject({
        code: 'STORAGE_UNAUTHORIZED',
        message: `AWS_WEB_IDENTITY_TOKEN_FILE names a file without a token: ${wrong}`,
      });
  });
});

describe('a container role', () => {
  test('is asked for credentials with the token of a file, which is read at every renewal', async () => {
    source.answer = (_request, response) => response.end(json(soon(-1)));
    const store = storeWith(container());
    await store.get('k', 1);
    writeFileSync(tokenFile, 'identity-token-2');
    await store.get('k', 1);
    expect(signedWith()).toEqual({ key: 'ASIA1', token: 'session-token' });
    expect(source.received.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/v1/credentials', 'identity-token-1'],
      ['/v1/credentials', 'identity-token-2'],
    ]);
  });

  test('is asked with a token of the environment, or without one', async () => {
    source.answer = (_request, response) => response.end(json());
    const AWS_CONTAINER_CREDENTIALS_FULL_URI = source.url;
    await storeWith({ AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Basic x' }).get(
      'k',
      1,
    );
    await storeWith({ AWS_CONTAINER_CREDENTIALS_FULL_URI }).get('k', 1);
    expect(source.received.map(({ headers }) => headers.authorization)).toEqual(['Basic x', undefined]);
  });

  test('at the address of another machine is not asked in clear text', async () => {
    const env = { ...container(), AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://10.0.0.1/credentials' };
    expect(await failureOf(() => storeWith(env).get('k', 1))).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('with a relative address is that of Amazon ECS', () => {
    const env = { S3_ENDPOINT: storage.url, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' };
    expect(readStorageConfig(env).aws.container?.url).toBe('http://169.254.170.2/v2/credentials/1');
  });

  test.each([
    ['an error page', 500, '<html>', true],
    ['a refusal', 403, 'no identity-token-1', false],
    ['a page with status 200', 200, '<html>identity-token-1', false],
    ['a member missing', 200, JSON.stringify({ AccessKeyId: 'a', Token: 'session-token' }), false],
    ['something other than a date', 200, json('tomorrow'), false],
    ['null', 200, 'null', false],
  ])('that answers with %s gives no credentials', async (_what, status, body, retryable) => {
    source.answer = (_request, response) => response.writeHead(status).end(body);
    const failure = { code: 'STORAGE_UNAUTHORIZED', retryable };
    expect(await failureOf(() => storeWith(container()).get('k', 1))).toMatchObject(failure);
  });

  test('that answers without end gives no credentials', async () => {
    source.answer = (_request, response) => response.end('x'.repeat(1 << 20));
    const failure = { code: 'STORAGE_UNREACHABLE', message: expect.stringContaining('65536 bytes') };
    expect(await failureOf(() => storeWith(container()).get('k', 1))).toMatchObject(failure);
  });
});

describe('an instance role', () => {
  test('is asked with a session token of the metadata service', async () => {
    source.answer = imds;
    await storeWith({}).get('k', 1);
    expect(signedWith()).toEqual({ key: 'ASIA1', token: 'session-token' });
    expect(source.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/sealer',
    ]);
  });

  test('that does not exist is a missing credential', async () => {
    source.answer = (request, response) =>
      request.method === 'PUT' ? response.end('imds-token') : response.writeHead(404).end();
    await expect(storeWith({}).get('k', 1)).rejects.toMatchObject({
      code: 'STORAGE_CREDENTIALS_MISSING',
      retryable: false,
      message: expect.stringContaining('attach an instance profile'),
    });
  });

  test('of a metadata service that says nothing is a missing credential within seconds', async () => {
    source.answer = () => undefined;
    await expect(storeWith({}).get('k', 1)).rejects.toMatchObject({
      code: 'STORAGE_CREDENTIALS_MISSING',
      message: expect.stringContaining('no byte within 2 s'),
    });
  });

  test('is not asked when it is turned off, and the message lists the settings', async () => {
    await expect(storeWith({ AWS_EC2_METADATA_DISABLED: 'true' }).get('k', 1)).rejects.toMatchObject({
      code: 'STORAGE_CREDENTIALS_MISSING',
      message: expect.stringContaining('S3_ACCESS_KEY and S3_SECRET_KEY'),
    });
    expect(source.received).toEqual([]);
  });
});

test('temporary credentials that storage no longer accepts are replaced, and the failure is retryable', async () => {
  source.answer = (_request, response) => response.end(json());
  const store = storeWith(container());
  storage.answer = (_request, response) =>
    response.writeHead(400).end('<Error><Code>ExpiredToken</Code><Message>m</Message></Error>');
  await expect(store.get('k', 1)).rejects.toMatchObject({ code: 'STORAGE_UNAUTHORIZED', retryable: true });
  storage.answer = (_request, response) => response.writeHead(200, FOUND).end('x');
  await store.get('k', 1);
  expect(source.received).toHaveLength(2);
});
