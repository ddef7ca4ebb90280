import type { ServerResponse } from 'node:http';
import { VaultHttp } from '../../../src/vault/vaultHttp';
import { VaultSigner } from '../../../src/vault/vaultSigner';
import { makeAuthority } from '../../harness/certificates';
import {
  answerJson,
  startScriptedServer,
  type ReceivedRequest,
  type ScriptedServer,
} from '../../harness/scriptedServer';
import { startTlsProxy } from '../../harness/tlsProxy';

const TOKEN = 'a-token-of-vault';
const KEYS = { data: { type: 'ed25519', keys: {} } };
const READ = { method: 'read', path: 'transit/keys/k' } as const;

type Answer = (request: ReceivedRequest, response: ServerResponse) => void;

const servers: ScriptedServer[] = [];
async function start(answer: Answer): Promise<ScriptedServer> {
  const server = await startScriptedServer(answer);
  servers.push(server);
  return server;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

const html = (status: number): Answer => {
  return (_request, response) =>
    response
      .writeHead(status, { 'content-type': 'text/html' })
      .end('<html><body>Access denied</body></html>');
};
const redirectTo =
  (location: string, status = 307): Answer =>
  (_request, response) =>
    response.writeHead(status, { location }).end('<a href="/">moved</a>');

const send = (address: string) => new VaultHttp({ address }).send(TOKEN, READ);
const signerAt = (address: string) => new VaultSigner({ address, key: 'k', credentials: { token: TOKEN } });

describe('a redirect', () => {
  test.each([307, 308])(
    'with status %d of a standby node is followed once, with the token',
    async (status) => {
      const active = await start((_request, response) => answerJson(response, 200, KEYS));
      const standby = await start(redirectTo(`${active.url}/v1/transit/keys/k`, status));
      await expect(send(standby.url)).resolves.toEqual(KEYS);
      expect(active.requests).toMatchObject([
        { path: '/v1/transit/keys/k', headers: { 'x-vault-token': TOKEN } },
      ]);
    },
  );

  test('that leads to another redirect is refused with the address to set', async () => {
    const last = await start(redirectTo('http://third.example/v1/transit/keys/k'));
    const first = await start(redirectTo(`${last.url}/v1/transit/keys/k`));
    await expect(send(first.url)).rejects.toMatchObject({
      code: 'SIGNER_FAILED',
      retryable: false,
      message: expect.stringMatching(/redirects to http:\/\/third\.example, .*VAULT_ADDR/),
    });
  });

  test.each([301, 302, 303])(
    'with status %d, which no node of Vault sends, gets no token',
    async (status) => {
      const other = await start((_request, response) => answerJson(response, 200, KEYS));
      const server = await start(redirectTo(`${other.url}/v1/transit/keys/k`, status));
      await expect(send(server.url)).rejects.toMatchObject({ code: 'SIGNER_FAILED' });
      expect(other.requests).toEqual([]);
    },
  );

  test('from TLS to plain text gets no token', async () => {
    const plain = await start((_request, response) => answerJson(response, 200, KEYS));
    const standby = await start(redirectTo(`${plain.url}/v1/transit/keys/k`));
    const authority = makeAuthority();
    await using tls = await startTlsProxy(
      Number(new URL(standby.url).port),
      authority.issue('vault', 'serverAuth'),
    );
    const http = new VaultHttp({ address: `https://localhost:${tls.port}`, caFile: authority.ca });
    await expect(http.send(TOKEN, READ)).rejects.toMatchObject({ code: 'SIGNER_FAILED' });
    expect(plain.requests).toEqual([]);
  });

  test.each(['', 'http://[', 'javascript:alert(1)'])('to %p is refused', async (location) => {
    const server = await start(redirectTo(location));
    const refused = send(server.url);
    await expect(refused).rejects.toMatchObject({ code: 'SIGNER_FAILED' });
  });
});

test('a proxy of the environment gets neither the token nor the call', async () => {
  const proxy = await start((_request, response) => answerJson(response, 200, KEYS));
  const server = await start((_request, response) => answerJson(response, 200, KEYS));
  const before = { ...process.env };
  Object.assign(process.env, { HTTP_PROXY: proxy.url, http_proxy: proxy.url, HTTPS_PROXY: proxy.url });
  try {
    await expect(send(server.url)).resolves.toEqual(KEYS);
  } finally {
    process.env = before;
  }
  expect(proxy.requests).toEqual([]);
});

test('a certificate that is not trusted is refused, even if the environment turns the check off', async () => {
  const server = await start((_request, response) => answerJson(response, 200, KEYS));
  const port = Number(new URL(server.url).port);
  await using tls = await startTlsProxy(port, makeAuthority().issue('vault', 'serverAuth'));
  const before = { ...process.env };
  Object.assign(process.env, { NODE_TLS_REJECT_UNAUTHORIZED: '0', VAULT_SKIP_VERIFY: '1' });
  try {
    await expect(signerAt(`https://localhost:${tls.port}`).listKeys()).rejects.toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      message: expect.stringContaining('VAULT_CACERT'),
    });
  } finally {
    process.env = before;
  }
  expect(server.requests).toEqual([]);
});

describe('an answer that is not one of Vault', () => {
  test.each([200, 400, 401, 403, 404, 410])(
    'with status %d says nothing about the key, the token and the rights',
    async (status) => {
      const server = await start(html(status));
      await expect(signerAt(server.url).listKeys()).rejects.toMatchObject({
        code: 'SIGNER_FAILED',
        retryable: false,
        message: expect.stringContaining('not from Vault'),
      });
    },
  );

  test.each([
    [408, 'SIGNER_UNREACHABLE'],
    [429, 'SIGNER_UNREACHABLE'],
    [502, 'SIGNER_FAILED'],
    [503, 'SIGNER_UNREACHABLE'],
  ])('with status %d is tried again', async (status, code) => {
    const server = await start(html(status));
    await expect(signerAt(server.url).listKeys()).rejects.toMatchObject({ code, retryable: true });
  });

  test.each([
    ['an empty body', ''],
    ['text', 'OK'],
    ['a number', '7'],
    ['JSON that is cut', '{"data": {"keys"'],
  ])('of status 200 with %s is SIGNER_FAILED', async (_what, body) => {
    const server = await start((_request, response) => response.writeHead(200).end(body));
    await expect(signerAt(server.url).listKeys()).rejects.toMatchObject({ code: 'SIGNER_FAILED' });
  });

  test('whose body is cut off is tried again', async () => {
    const server = await start((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"data"');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(signerAt(server.url).listKeys()).rejects.toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      retryable: true,
    });
  });

  test('that never ends is not read to its end', async () => {
    const server = await start((_request, response) => {
      response.writeHead(200);
      const block = Buffer.alloc(1 << 20, ' ');
      const more = () => response.write(block) || response.once('drain', more);
      for (let sent = 0; sent < 8; sent++) more();
    });
    await expect(signerAt(server.url).listKeys()).rejects.toMatchObject({ code: 'SIGNER_UNREACHABLE' });
  });
});
