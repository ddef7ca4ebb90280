import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDatabaseConfig } from '../../src/config';
import { connectDatabase } from '../../src/mongo/connection';
import { AuthServer } from '../harness/authServer';

const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-tls-'));
const file = (name: string) => join(directory, name);
const openssl = (...args: readonly string[]) =>
  execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });

function makeCa(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    ...subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  );
}

/** A certificate of `ca` for these names. */
function makeCertificate(name: string, ca: string, names: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  openssl('req', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
  writeFileSync(file(`${name}.ext`), `subjectAltName=${names}\n`);
  const signer = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  writeFileSync(
    file(`${name}.both.pem`),
    [`${name}.pem`, `${name}.key`].map((part) => readFileSync(file(part))).join(''),
  );
}

const withOptions = (uri: string, options: string) => `${uri.replace(/&tls.*$/, '')}&${options}`;
const codeOf = async (uri: string) => {
  try {
    const database = await connectDatabase(readDatabaseConfig({ MONGODB_URI: uri }).uri);
    await database.close();
    return 'connected';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

const serve = (name: string, ...more: readonly string[]) =>
  AuthServer.start(
    ['--tls-cert-file', file(`${name}.pem`), '--tls-key-file', file(`${name}.key`), ...more],
    `&tls=true&tlsCAFile=${file('ca.pem')}&tlsAllowInvalidHostnames=true&tlsCertificateKeyFile=${file('client.both.pem')}`,
  );

describe('MongoDB over TLS with a private CA', () => {
  beforeAll(() => {
    makeCa('ca');
    makeCa('other-ca');
    makeCertificate('server', 'ca', 'IP:127.0.0.1');
    makeCertificate('elsewhere', 'ca', 'DNS:elsewhere.example.com');
    makeCertificate('client', 'ca', 'DNS:client');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('a server is reached with its CA, and not without it, with another CA or without TLS', async () => {
    await using server = await serve('server');
    const uri = server.uri('root', 'app', 'admin');
    expect(await codeOf(withOptions(uri, `tls=true&tlsCAFile=${file('ca.pem')}`))).toBe('connected');
    const untrusted = await codeOf(withOptions(uri, 'tls=true'));
    expect(untrusted).toMatch(
      /^DATABASE_UNREACHABLE: .*UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS failed; tlsCAFile/,
    );
    const other = await codeOf(withOptions(uri, `tls=true&tlsCAFile=${file('other-ca.pem')}`));
    expect(other).toMatch(/^DATABASE_UNREACHABLE: .*TLS failed/);
    expect(await codeOf(withOptions(uri, 'tls=false'))).toMatch(/^DATABASE_UNREACHABLE/);
    expect(await codeOf(withOptions(uri, `tls=true&tlsCAFile=${file('nowhere.pem')}`))).toMatch(
      /^TLS_FILE_INVALID/,
    );
  }, 60_000);

  test('a certificate of another host is refused', async () => {
    await using server = await serve('elsewhere');
    const found = await codeOf(
      withOptions(server.uri('root', 'app', 'admin'), `tls=true&tlsCAFile=${file('ca.pem')}`),
    );
    expect(found).toMatch(/^DATABASE_UNREACHABLE: .*ERR_TLS_CERT_ALTNAME_INVALID: TLS failed/);
  }, 60_000);

  test('a server that requires client certificates is reached with one, and not without', async () => {
    await using server = await serve('server', '--tls-ca-file', file('ca.pem'), '--tls-require-client-cert');
    const uri = server.uri('root', 'app', 'admin');
    const ca = `tls=true&tlsCAFile=${file('ca.pem')}`;
    expect(await codeOf(withOptions(uri, `${ca}&tlsCertificateKeyFile=${file('client.both.pem')}`))).toBe(
      'connected',
    );
    expect(await codeOf(withOptions(uri, ca))).toMatch(/^DATABASE_UNREACHABLE/);
  }, 60_000);
});
