import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStorageConfig } from '../../src/config';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { probeStart } from '../../src/storage/startProbe';
import { AnsweringServer } from '../harness/answeringServer';
import { makeAuthority } from '../harness/certificates';
import { startTlsProxy, type TlsProxy } from '../harness/tlsProxy';

const real = readStorageConfig();

describe('the S3 server over TLS with a private certificate authority', () => {
  const authority = makeAuthority();
  let proxy: TlsProxy;

  beforeAll(async () => {
    const port = Number(new URL(real.endpoint).port);
    proxy = await startTlsProxy(port, authority.issue('storage', 'serverAuth'));
  });
  afterAll(() => proxy[Symbol.asyncDispose]());

  const config = (host: string, ca?: string) => ({ ...real, endpoint: `https://${host}:${proxy.port}`, ca });

  test('a worker starts with the certificate of the authority', async () => {
    const trusting = config('localhost', readFileSync(authority.ca, 'utf8'));
    await connectObjectStore(trusting).checkBucket();
    await expect(probeStart(trusting, Date.now())).resolves.toBeUndefined();
  });

  test.each([
    ['without the certificate of the authority', undefined],
    ['with the certificate of another authority', readFileSync(makeAuthority().ca, 'utf8')],
  ])('%s storage is not trusted, which is final and names the setting', async (_how, ca) => {
    await expect(connectObjectStore(config('localhost', ca)).checkBucket()).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      retryable: false,
      message: expect.stringContaining('S3_CA_FILE'),
    });
  });

  test('a certificate of another host name is not trusted', async () => {
    const wrongName = config('0.0.0.0', readFileSync(authority.ca, 'utf8'));
    await expect(connectObjectStore(wrongName).checkBucket()).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      retryable: false,
      message: expect.stringContaining('host name'),
    });
  });
});

describe('the S3 server with credentials of AWS', () => {
  let source: AnsweringServer;

  beforeAll(async () => {
    source = await AnsweringServer.start();
  });
  afterAll(() => source.stop());

  const Expiration = new Date(Date.now() + 3_600_000).toISOString();
  const withoutKey = { ...real, accessKey: undefined, secretKey: undefined, sessionToken: undefined };
  const none = { webIdentity: undefined, container: undefined, instanceUrl: undefined };
  // This server refuses session tokens, so its sources give none; the unit tests look at the header.
  const keys = { AccessKeyId: real.accessKey, SecretAccessKey: real.secretKey, Token: '', Expiration };

  test('a worker starts with a web identity', async () => {
    const tokenFile = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-identity-')), 'token');
    writeFileSync(tokenFile, 'identity');
    const members = Object.entries({ ...keys, SessionToken: '' })
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('');
    source.answer = (_request, response) => response.end(`<Credentials>${members}</Credentials>`);
    const webIdentity = { tokenFile, roleArn: 'arn', sessionName: 'audit-snapshot', stsUrl: source.url };
    await expect(
      probeStart({ ...withoutKey, aws: { ...none, webIdentity } }, Date.now()),
    ).resolves.toBeUndefined();
  });

  test('a worker starts with the role of a container', async () => {
    source.answer = (_request, response) => response.end(JSON.stringify(keys));
    const container = { url: source.url, token: 'Basic x', tokenFile: undefined };
    await expect(
      probeStart({ ...withoutKey, aws: { ...none, container } }, Date.now()),
    ).resolves.toBeUndefined();
  });

  test('a worker starts with the role of an instance', async () => {
    source.answer = ({ url }, response) => {
      if (url === '/latest/api/token') response.end('token');
      else response.end(url?.endsWith('/sealer') ? JSON.stringify(keys) : 'sealer');
    };
    await expect(
      probeStart({ ...withoutKey, aws: { ...none, instanceUrl: source.url } }, Date.now()),
    ).resolves.toBeUndefined();
  });

  test('without any credentials it does not start', async () => {
    await expect(probeStart({ ...withoutKey, aws: none }, Date.now())).rejects.toMatchObject({
      code: 'STORAGE_CREDENTIALS_MISSING',
    });
  });
});
