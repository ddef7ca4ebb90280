import { randomBytes } from 'node:crypto';
import { newServiceKey } from '../../../dev/demo/serviceKey';
import { staticKeys } from '../../../src/http/auth/staticKeys';
import { openPayloadCodec } from '../../../src/temporal/payloadCodec';
import { makeJobService } from '../../harness/jobService';

const UI = 'https://ui.example';
const reader = newServiceKey('reader', 'payloads:decode');
const other = newServiceKey('other', 'jobs:read');
const PLAIN = { metadata: { encoding: btoa('json/plain') }, data: btoa('"secret window"') };

async function setUp() {
  const keys = new Map([[1, randomBytes(32)]]);
  const codec = await openPayloadCodec(async () => keys);
  const { app } = makeJobService({
    payloads: { codec, origin: UI },
    authenticate: staticKeys(JSON.stringify([reader.hashed, other.hashed])),
  });
  const call = (operation: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: `/codec/${operation}`,
      payload,
      headers: { authorization: `Bearer ${reader.token}`, origin: UI, 'x-namespace': 'default', ...headers },
    });
  return { app, call };
}

describe('the codec endpoint', () => {
  test('decodes what it encoded, as the Web UI asks for it', async () => {
    const { call } = await setUp();
    const encoded = (await call('encode', { payloads: [PLAIN] })).json<{ payloads: (typeof PLAIN)[] }>();
    expect(encoded.payloads).toMatchObject([{ metadata: { encoding: btoa('binary/encrypted') } }]);
    expect(JSON.stringify(encoded)).not.toContain(PLAIN.data);
    const decoded = await call('decode', encoded);
    expect(decoded.statusCode).toBe(200);
    expect(decoded.json()).toEqual({ payloads: [PLAIN] });
  });

  test('answers the preflight request of a page of the Web UI without a token, and of no other page', async () => {
    const { app } = await setUp();
    const preflight = (origin: string) =>
      app.inject({
        method: 'OPTIONS',
        url: '/codec/decode',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const allowed = await preflight(UI);
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-headers': 'authorization, content-type, x-namespace',
    });
    expect((await preflight('https://evil.example')).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });

  test('lets the Web UI read responses and errors, and no other page', async () => {
    const { call } = await setUp();
    const answers = [
      await call('decode', { payloads: [] }),
      await call('decode', { payloads: [] }, { authorization: '' }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401]);
    for (const { headers } of answers) expect(headers['access-control-allow-origin']).toBe(UI);
    const foreign = await call('decode', { payloads: [] }, { origin: 'https://evil.example' });
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('needs a token with the scope payloads:decode', async () => {
    const { call } = await setUp();
    const refused = await call('decode', { payloads: [] }, { authorization: `Bearer ${other.token}` });
    expect(refused.statusCode).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'SCOPE_MISSING' });
  });

  test('rejects a body of another form, and payloads that it cannot decrypt', async () => {
    const { call } = await setUp();
    expect((await call('decode', { payloads: [{ data: '%' }] })).statusCode).toBe(400);
    const foreign = { metadata: { encoding: btoa('binary/encrypted') }, data: btoa('x') };
    const refused = await call('decode', { payloads: [foreign] });
    expect(refused.statusCode).toBe(422);
    expect(refused.json()).toMatchObject({ code: 'PAYLOAD_INVALID' });
  });

  test('does not exist where payloads are not encrypted', async () => {
    const { app } = makeJobService();
    const answer = await app.inject({ method: 'POST', url: '/codec/decode', payload: { payloads: [] } });
    expect(answer.statusCode).toBe(404);
  });
});
