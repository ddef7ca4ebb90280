import type { ServerResponse } from 'node:http';
import type { VaultConfig } from '../../../src/config/vault';
import { VaultHttp } from '../../../src/vault/vaultHttp';
import { connectSigner, VaultSigner } from '../../../src/vault/vaultSigner';
import { makeAuthority } from '../../harness/certificates';
import {
  answerJson,
  startScriptedServer,
  type ReceivedRequest,
  type ScriptedServer,
} from '../../harness/scriptedServer';
import { startTlsProxy } from '../../harness/tlsProxy';

const LOGIN = { auth: { client_token: 'a-token', lease_duration: 3600, renewable: true } };
const SIGNATURE = { data: { signature: `vault:v1:${Buffer.alloc(64).toString('base64')}` } };
const MESSAGE = Buffer.from('x');

let server: ScriptedServer;
/** What happens to calls that are no login. */
let answer: (request: ReceivedRequest, response: ServerResponse) => void;

beforeEach(async () => {
  answer = (_request, response) => answerJson(response, 200, SIGNATURE);
  server = await startScriptedServer((request, response) => {
    if (request.path.endsWith('/login')) answerJson(response, 200, LOGIN);
    else answer(request, response);
  });
});

afterEach(() => server[Symbol.asyncDispose]());

function config(more: Partial<VaultConfig> = {}): VaultConfig {
  const credentials = { roleId: 'role', secretId: 'a-secret-id' };
  return { address: server.url, key: 'k', credentials, ...more };
}

const answerStatus = (status: number, error: string) => {
  answer = (_request, response) => answerJson(response, status, { errors: [error] });
};

describe('answers of Vault', () => {
  test.each([
    [400, 'SIGNER_FAILED', false],
    [403, 'SIGNER_UNAUTHORIZED', false],
    [404, 'KEY_MISSING', false],
    [405, 'SIGNER_FAILED', false],
    [412, 'SIGNER_UNREACHABLE', true],
    [429, 'SIGNER_UNREACHABLE', true],
    [472, 'SIGNER_UNREACHABLE', true],
    [473, 'SIGNER_UNREACHABLE', true],
    [500, 'SIGNER_FAILED', true],
    [501, 'SIGNER_UNREACHABLE', true],
    [502, 'SIGNER_FAILED', true],
    [503, 'SIGNER_UNREACHABLE', true],
    [504, 'SIGNER_FAILED', true],
  ])('status %d is %s, and retryable: %s', async (status, code, retryable) => {
    const signer = await connectSigner(config());
    answerStatus(status, 'why');
    await expect(signer.sign(MESSAGE, 1)).rejects.toMatchObject({ code, retryable });
  });

  test('a node that receives the token of a login late gets the call again', async () => {
    const signer = await connectSigner(config());
    let late = 2;
    answer = (_request, response) =>
      late-- > 0 ? answerJson(response, 412, { errors: [] }) : answerJson(response, 200, SIGNATURE);
    await expect(signer.sign(MESSAGE, 1)).resolves.toHaveLength(64);
  });

  test('a mount that does not exist is named, and not taken for a missing key', async () => {
    const signer = await connectSigner(config({ transitMount: 'team/transit' }));
    answerStatus(404, 'no handler for route "team/transit/keys/k". route entry not found.');
    await expect(signer.listKeys()).rejects.toMatchObject({
      code: 'SIGNER_FAILED',
      message: expect.stringContaining('VAULT_TRANSIT_MOUNT'),
    });
  });

  test('a denied call is named with its path and the capability that it needs', async () => {
    const signer = await connectSigner(config());
    answerStatus(403, 'permission denied');
    await expect(signer.sign(MESSAGE, 1)).rejects.toThrow('update on transit/sign/k');
    await expect(signer.listKeys()).rejects.toThrow('read on transit/keys/k');
  });

  test('an answer that is not of Vault is refused', async () => {
    const signer = await connectSigner(config());
    answer = (_request, response) => response.writeHead(200).end('<html>sign in</html>');
    await expect(signer.listKeys()).rejects.toMatchObject({ code: 'SIGNER_FAILED', retryable: false });
  });

  test.each([
    ['says nothing', () => undefined],
    [
      'stops in the middle of its answer',
      (response: ServerResponse) => response.writeHead(200, { 'content-length': '100' }).write('{'),
    ],
  ])('a server that %s is given up after the deadline', async (_what, stall) => {
    const signer = new VaultSigner(config(), new VaultHttp({ address: server.url }, 200));
    await signer.logIn();
    answer = (_request, response) => void stall(response);
    await expect(signer.sign(MESSAGE, 1)).rejects.toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      message: expect.stringContaining('ETIMEDOUT'),
      retryable: true,
    });
  });
});

describe('what is sent', () => {
  test('the namespace is sent with the login and with each call, and the mounts are part of the path', async () => {
    const more = { namespace: 'team/audit', transitMount: 'pki/transit', authMount: 'ci' };
    const signer = await connectSigner(config(more));
    await signer.sign(MESSAGE, 1);
    const seen = server.requests.map(({ path, headers }) => [path, headers['x-vault-namespace']]);
    expect(seen).toEqual([
      ['/v1/auth/ci/login', 'team/audit'],
      ['/v1/pki/transit/sign/k', 'team/audit'],
    ]);
  });

  test('variables that the library reads by itself change nothing', async () => {
    const names = ['VAULT_PREFIX', 'VAULT_NAMESPACE', 'VAULT_TOKEN'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = '/wrong';
    try {
      await connectSigner(config());
    } finally {
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
    const [login] = server.requests;
    expect(login?.path).toBe('/v1/auth/approle/login');
    expect(login?.headers).not.toHaveProperty('x-vault-namespace');
    expect(login?.headers).not.toHaveProperty('x-vault-token');
  });

  test.each([
    ['kubernetes', undefined, '/v1/auth/kubernetes/login'],
    ['jwt', 'gitlab', '/v1/auth/gitlab/login'],
  ] as const)('a login with %s sends role and JWT', async (method, authMount, path) => {
    await connectSigner(config({ credentials: { method, role: 'r', jwt: 'e.y.J' }, authMount }));
    expect(server.requests).toMatchObject([{ path, body: JSON.stringify({ role: 'r', jwt: 'e.y.J' }) }]);
  });

  test('a name of a key cannot address another path', async () => {
    const signer = await connectSigner(config({ key: '../../sys/policy' }));
    await signer.sign(MESSAGE, 1);
    expect(server.requests.at(-1)?.path).toBe('/v1/transit/sign/..%2F..%2Fsys%2Fpolicy');
  });
});

const portOf = ({ url }: ScriptedServer) => Number(new URL(url).port);

describe('TLS', () => {
  const authority = makeAuthority();

  test('a private authority is accepted if its certificate is configured, and nothing else is', async () => {
    await using proxy = await startTlsProxy(portOf(server), authority.issue('vault', 'serverAuth'));
    const address = `https://localhost:${proxy.port}`;
    await expect(connectSigner(config({ address, caFile: authority.ca }))).resolves.toBeDefined();
    process.env['VAULT_SKIP_VERIFY'] = '1';
    try {
      for (const caFile of [undefined, makeAuthority().ca])
        await expect(connectSigner(config({ address, caFile }))).rejects.toMatchObject({
          code: 'SIGNER_UNREACHABLE',
          message: expect.stringContaining('VAULT_CACERT'),
        });
    } finally {
      delete process.env['VAULT_SKIP_VERIFY'];
    }
  });

  test('a CA file that does not exist, or that contains no certificate, is named', async () => {
    for (const caFile of ['/nowhere/ca.pem', __filename])
      await expect(connectSigner(config({ caFile }))).rejects.toMatchObject({
        code: 'TLS_FILE_INVALID',
        message: expect.stringContaining(caFile),
      });
  });

  test('https:// to a server without TLS names the scheme', async () => {
    const address = server.url.replace('http:', 'https:');
    await expect(connectSigner(config({ address }))).rejects.toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      message: expect.stringContaining('http://'),
    });
  });
});
