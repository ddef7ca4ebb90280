import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { jwtAuthenticator } from '../../../../src/http/auth/jwtAuthenticator';
import { newServiceKey } from '../../../../dev/demo/serviceKey';
import { chainAuthenticators } from '../../../../src/http/auth/caller';
import { staticKeys } from '../../../../src/http/auth/staticKeys';
import { makeJobService } from '../../../harness/jobService';

const reader = newServiceKey('reader', 'jobs:read');

const soon = (seconds = 300) => Math.floor(Date.now() / 1000) + seconds;

describe('bearer tokens', () => {
  test.each([
    ['no Authorization header', undefined, 'Bearer realm="audit-snapshot"'],
    ['another scheme', 'Basic dXNlcjpwYXNz', 'Bearer realm="audit-snapshot"'],
    ['no token', 'Bearer ', 'Bearer realm="audit-snapshot"'],
    ['two tokens', `Bearer ${reader.token} ${reader.token}`, 'Bearer realm="audit-snapshot"'],
    ['an unknown token', 'Bearer nobodys', 'Bearer realm="audit-snapshot", error="invalid_token"'],
    ['its hash', `Bearer ${reader.hashed.sha256}`, 'Bearer realm="audit-snapshot", error="invalid_token"'],
  ])(
    'a request with %s is answered with 401 and a challenge that names the scheme',
    async (_, authorization, challenge) => {
      const { app } = makeJobService({ authenticate: staticKeys(JSON.stringify([reader.hashed])) });
      const headers = authorization === undefined ? {} : { authorization };
      const response = await app.inject({ url: '/jobs', headers });
      expect(response.json()).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
      expect(response.headers['www-authenticate']).toBe(challenge);
      expect(response.body).not.toContain(reader.token);
    },
  );

  test('a bearer token allows what its scopes say, and the 403 names the scope that is missing', async () => {
    const { app } = makeJobService({ authenticate: staticKeys(JSON.stringify([reader.hashed])) });
    const headers = { authorization: `Bearer ${reader.token}` };
    expect((await app.inject({ url: '/jobs', headers })).statusCode).toBe(200);
    const refused = await app.inject({ url: '/jobs/x/cancel', method: 'POST', headers });
    expect(refused.json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
    expect(refused.headers['www-authenticate']).toContain('scope="jobs:write jobs:read"');
  });

  test('two keys of one name are both accepted, while one replaces the other', async () => {
    const next = newServiceKey('reader', 'jobs:read');
    const authenticate = staticKeys(JSON.stringify([reader.hashed, next.hashed]));
    for (const { token } of [reader, next])
      await expect(authenticate(token)).resolves.toMatchObject({ name: 'key:reader' });
  });

  test.each(['/livez', '/readyz', '/openapi.json', '/docs/'])('%s requires no bearer token', async (url) => {
    const { app } = makeJobService();
    expect((await app.inject(url)).statusCode).toBe(200);
  });

  test('guessing tokens is rate limited, and a valid token from the same address is not locked out', async () => {
    const { app, ask } = makeJobService();
    const guess = () => app.inject({ url: '/jobs', headers: { authorization: 'Bearer guess' } });
    for (let index = 0; index < 60; index++) expect((await guess()).statusCode).toBe(401);
    const limited = await guess();
    expect([limited.json(), limited.headers['retry-after']]).toEqual([
      expect.objectContaining({ status: 429, code: 'RATE_LIMITED' }),
      expect.stringMatching(/^\d+$/),
    ]);
    expect((await ask('/jobs')).statusCode).toBe(200);
  });

  test.each([
    ['invalid JSON', '{'],
    ['an object instead of a list', '{}'],
    ['no key', '[]'],
    ['a hash in capitals', JSON.stringify([{ ...reader.hashed, sha256: 'A'.repeat(64) }])],
    ['an unknown scope', JSON.stringify([{ ...reader.hashed, scopes: ['jobs:all'] }])],
    ['no scope', JSON.stringify([{ ...reader.hashed, scopes: [] }])],
    ['a token in plain text', JSON.stringify([{ ...reader.hashed, token: reader.token }])],
  ])('a key list with %s is rejected at the start', (_, json) => {
    expect(() => staticKeys(json)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('JWTs', () => {
  const issuer = 'https://id.example';
  const audience = 'audit-snapshot';
  const server = createServer((_, response) => response.end(JSON.stringify({ keys: served })));
  let served: object[] = [];
  let key: CryptoKey;
  let jwksUrl: string;

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    served = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }];
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });

  afterAll(() => server.close());

  const makeToken = (claims: object = {}, kid = 'k1', signer: CryptoKey = key) =>
    new SignJWT({ iss: issuer, aud: audience, sub: 'billing', exp: soon(), scope: 'jobs:read', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(signer);
  const authenticate = (token: string) => jwtAuthenticator({ jwksUrl, issuer, audience })(token);

  test('a JWT of the provider names its caller and scopes, in each spelling of scopes', async () => {
    await expect(authenticate(await makeToken())).resolves.toEqual({
      name: 'jwt:billing',
      scopes: new Set(['jobs:read']),
    });
    const written = [
      { scope: 'jobs:read jobs:write' },
      { scope: undefined, scp: ['jobs:read', 'jobs:write'] },
    ];
    for (const claims of written) {
      const caller = await authenticate(await makeToken(claims));
      expect(caller?.scopes).toEqual(new Set(['jobs:read', 'jobs:write']));
    }
  });

  test.each<[string, () => Promise<string>]>([
    ['of another issuer', () => makeToken({ iss: 'https://evil.example' })],
    ['for another audience', () => makeToken({ aud: 'other' })],
    ['that has expired', () => makeToken({ exp: soon(-60) })],
    ['that never expires', () => makeToken({ exp: undefined })],
    ['that is not valid yet', () => makeToken({ nbf: soon(120) })],
    ['without a subject', () => makeToken({ sub: undefined })],
    ['with an empty subject', () => makeToken({ sub: '' })],
    ['with a blank subject', () => makeToken({ sub: ' \t' })],
    ['with a number as its subject', () => makeToken({ sub: 4711 as unknown as string })],
    ['with a list as its subject', () => makeToken({ sub: ['billing'] as unknown as string })],
    ['with a subject of a kilobyte', () => makeToken({ sub: 'x'.repeat(1024) })],
    ['with an unknown key', () => makeToken({}, 'k2')],
    ['signed by another key', async () => makeToken({}, 'k1', (await generateKeyPair('ES256')).privateKey)],
    [
      'without a signature',
      async () => new UnsecuredJWT({ iss: issuer, aud: audience, sub: 'x', exp: soon() }).encode(),
    ],
    [
      'signed with the public key as a secret',
      () =>
        new SignJWT({ iss: issuer, aud: audience, sub: 'x', exp: soon() })
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .sign(Buffer.from(JSON.stringify(served[0]))),
    ],
    [
      'that was altered',
      async () => (await makeToken()).replace(/\.(.)/, (_all, c) => `.${c === 'e' ? 'f' : 'e'}`),
    ],
    ['that is not one', async () => 'a.b.c'],
  ])('a JWT %s belongs to no caller', async (_, make) => {
    await expect(authenticate(await make())).resolves.toBeUndefined();
  });

  const tenantOf = async (claims: object, tenantClaim?: string) => {
    const trust = { jwksUrl, issuer, audience, ...(tenantClaim === undefined ? {} : { tenantClaim }) };
    return (await jwtAuthenticator(trust)(await makeToken(claims)))?.tenant;
  };

  test('a claim names the tenant of a caller, if it is a text', async () => {
    expect(await tenantOf({ tenant: 'north' })).toBe('north');
    expect(await tenantOf({ org_id: 'org-7', tenant: 'north' }, 'org_id')).toBe('org-7');
    for (const tenant of [undefined, '', 7, ['north'], 'two words'])
      expect(await tenantOf({ tenant })).toBeUndefined();
  });

  test('400 junk tokens while the provider is away make one look-up, are limited, and log no stack', async () => {
    let lookUps = 0;
    const dying = createServer((request) => {
      lookUps++;
      request.socket.destroy();
    });
    await new Promise<void>((done) => dying.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(dying.address() as AddressInfo).port}/jwks`;
    const { app } = makeJobService({
      authenticate: jwtAuthenticator({ jwksUrl: url, issuer, audience }, () => 0),
    });
    const junk = await makeToken({}, 'junk', (await generateKeyPair('ES256')).privateKey);
    const statuses: number[] = [];
    for (let index = 0; index < 400; index++) {
      const response = await app.inject({ url: '/jobs', headers: { authorization: `Bearer ${junk}` } });
      statuses.push(response.statusCode);
      expect(response.body).not.toContain('127.0.0.1');
    }
    dying.close();
    dying.closeAllConnections();
    expect(lookUps).toBe(1);
    expect(statuses.filter((status) => status === 503)).toHaveLength(60);
    expect(statuses.slice(60).every((status) => status === 429)).toBe(true);
  });

  test('a token of another issuer, or of another form, makes no look-up', async () => {
    let lookUps = 0;
    const counting = createServer((_request, response) => {
      lookUps++;
      response.end(JSON.stringify({ keys: served }));
    });
    await new Promise<void>((done) => counting.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(counting.address() as AddressInfo).port}/jwks`;
    const ask = jwtAuthenticator({ jwksUrl: url, issuer, audience });
    for (const token of [await makeToken({ iss: 'https://evil.example' }), 'a.b.c', 'junk', 'e30.e30.e30'])
      await expect(ask(token)).resolves.toBeUndefined();
    expect(lookUps).toBe(0);
    await expect(ask(await makeToken())).resolves.toMatchObject({ name: 'jwt:billing' });
    expect(lookUps).toBe(1);
    counting.close();
    counting.closeAllConnections();
  });

  test('after a failed look-up the provider is asked again when the pause is over', async () => {
    let answers = false;
    let lookUps = 0;
    const flaky = createServer((request, response) => {
      lookUps++;
      if (answers) response.end(JSON.stringify({ keys: served }));
      else request.socket.destroy();
    });
    await new Promise<void>((done) => flaky.listen(0, '127.0.0.1', done));
    const clock = { nowMs: 0 };
    const url = `http://127.0.0.1:${(flaky.address() as AddressInfo).port}/jwks`;
    const ask = jwtAuthenticator({ jwksUrl: url, issuer, audience }, () => clock.nowMs);
    const token = await makeToken();
    const away = { code: 'IDENTITY_UNREACHABLE' };
    await expect(ask(token)).rejects.toMatchObject(away);
    answers = true;
    clock.nowMs = 4_999;
    await expect(ask(token)).rejects.toMatchObject(away);
    expect(lookUps).toBe(1);
    clock.nowMs = 5_000;
    await expect(ask(token)).resolves.toMatchObject({ name: 'jwt:billing' });
    flaky.close();
    flaky.closeAllConnections();
  });

  test('while the keys of the provider cannot be read a JWT is answered with 503, and static keys still work', async () => {
    const away = jwtAuthenticator({ jwksUrl: 'http://127.0.0.1:1/jwks?key=canary', issuer, audience });
    const both = chainAuthenticators([staticKeys(JSON.stringify([reader.hashed])), away]);
    const { app } = makeJobService({ authenticate: both });
    const ask = (token: string) =>
      app.inject({ url: '/jobs', headers: { authorization: `Bearer ${token}` } });
    const response = await ask(await makeToken());
    expect(response.json()).toMatchObject({ status: 503, code: 'IDENTITY_UNREACHABLE' });
    // A query may contain a key, and callers see this before they are authenticated.
    expect(response.body).not.toContain('canary');
    expect((await ask(reader.token)).statusCode).toBe(200);
  });
});
