import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import { readJobServiceConfig } from '../../../src/config';
import { replaceCertificates } from '../../../src/http/tls';
import { makeAuthority, type IssuedCertificate } from '../../harness/certificates';
import { makeJobService } from '../../harness/jobService';

const authority = makeAuthority();
const read = (path: string) => readFileSync(path, 'utf8');
const ca = read(authority.ca);
const filesOf = ({ cert, key }: IssuedCertificate, clientCa?: string) => ({
  cert: read(cert),
  key: read(key),
  clientCa,
});
const first = authority.issue('first', 'serverAuth');
const second = authority.issue('second', 'serverAuth');
const client = authority.issue('client', 'clientAuth');

/** Starts a service with TLS, and stops it when it is disposed. */
async function listening(files: ReturnType<typeof filesOf>) {
  const { app } = makeJobService({ tls: files });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, port, [Symbol.asyncDispose]: () => app.close() };
}

/** Connects, and resolves with the certificate of the service; rejects with the alert otherwise. */
function certificateOf(port: number, options: ConnectionOptions = {}): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca, ...options }, () => {
      // A missing client certificate is refused after the handshake of TLS 1.3.
      socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
      socket.once('data', () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

test('with a certificate the service answers over TLS alone, and tells browsers so', async () => {
  await using service = await listening(filesOf(first));
  const headers = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    const sent = request({ port: service.port, host: '127.0.0.1', path: '/livez', ca }, (response) => {
      response.resume();
      resolve(response.headers);
    });
    sent.once('error', reject).end();
  });
  expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
  await expect(fetch(`http://127.0.0.1:${service.port}/livez`)).rejects.toThrow('fetch failed');
});

test.each([
  ['TLS 1.1', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' }],
  ['a cipher without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' }],
  ['a cipher without authenticated encryption', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }],
] as const)('a client that offers only %s is refused', async (_, options) => {
  await using service = await listening(filesOf(first));
  await expect(certificateOf(service.port, options)).rejects.toThrow(/SSL|TLS|alert|ECONNRESET/i);
  await expect(certificateOf(service.port, { maxVersion: 'TLSv1.2' })).resolves.toBeDefined();
});

test('replaced certificates are used for new connections', async () => {
  await using service = await listening(filesOf(first));
  expect((await certificateOf(service.port)).subject.CN).toBe('first');
  replaceCertificates(service.app, filesOf(second));
  expect((await certificateOf(service.port)).subject.CN).toBe('second');
});

test('with an authority for clients, a client without its certificate is refused', async () => {
  await using service = await listening(filesOf(first, ca));
  await expect(certificateOf(service.port)).rejects.toThrow(/SSL|TLS|alert|ECONNRESET/i);
  const withCertificate = { cert: read(client.cert), key: read(client.key) };
  expect((await certificateOf(service.port, withCertificate)).subject.CN).toBe('first');
});

describe('the settings of TLS', () => {
  const KEYS = JSON.stringify([{ name: 'a', sha256: 'a'.repeat(64), scopes: ['jobs:read'] }]);
  const readWith = (env: Readonly<Record<string, string>>) => () =>
    readJobServiceConfig({ JOB_SERVICE_KEYS: KEYS, ...env });

  test('are a certificate with its key, as files', () => {
    const config = readWith({
      JOB_SERVICE_TLS_CERT_FILE: first.cert,
      JOB_SERVICE_TLS_KEY_FILE: first.key,
    })();
    expect(config.tls?.cert).toContain('BEGIN CERTIFICATE');
    expect(readWith({})().tls).toBeUndefined();
  });

  test.each([
    ['a certificate alone', { JOB_SERVICE_TLS_CERT_FILE: first.cert }, 'CONFIG_INVALID'],
    ['a key alone', { JOB_SERVICE_TLS_KEY_FILE: first.key }, 'CONFIG_INVALID'],
    [
      'the key of another certificate',
      { JOB_SERVICE_TLS_CERT_FILE: first.cert, JOB_SERVICE_TLS_KEY_FILE: second.key },
      'TLS_FILE_INVALID',
    ],
    [
      'a text that is no key',
      { JOB_SERVICE_TLS_CERT_FILE: first.cert, JOB_SERVICE_TLS_KEY: 'hunter2' },
      'TLS_FILE_INVALID',
    ],
  ])('%s is refused without being quoted', (_, env, code) => {
    const refusal = expect.objectContaining({
      code,
      message: expect.not.stringMatching(/hunter2|BEGIN/) as string,
    }) as Error;
    expect(readWith(env)).toThrow(refusal);
  });
});
