import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDatabaseConfig, readLogLevel, readStorageConfig, readTemporalConfig } from '../../../src/config';
import { readTogether } from '../../../src/config/problems';
import { refusalOf } from '../../harness/refusalOf';

const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-tls-'));
const noPem = join(directory, 'no-pem');
writeFileSync(noPem, 'hello');

const together = (env: Readonly<Record<string, string>>) =>
  readTogether({
    database: () => readDatabaseConfig(env),
    temporal: () => readTemporalConfig(env),
    storage: () => readStorageConfig(env),
  });

describe('groups of settings that are read together', () => {
  test('the error names what is missing in every group, each once', () => {
    const { code, message } = refusalOf(() => together({ S3_BUCKT: 'x' }));
    expect(code).toBe('CONFIG_INVALID');
    for (const name of ['MONGODB_URI', 'TEMPORAL_ADDRESS', 'S3_ENDPOINT'])
      expect(message).toContain(`${name} is not set`);
    expect(message.match(/S3_BUCKT is not a setting/g)).toHaveLength(1);
  });

  test('problems of one kind keep their code, and several kinds are CONFIG_INVALID', () => {
    const storage = { S3_ENDPOINT: 'https://s3.example.com', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' };
    const rest = { MONGODB_URI: 'mongodb://h/d', ...storage };
    const wrong = { TEMPORAL_ADDRESS: 'https://temporal.example.com' };
    expect(refusalOf(() => together({ ...rest, ...wrong })).code).toBe('ADDRESS_INVALID');
    expect(refusalOf(() => together({ ...storage, ...wrong })).code).toBe('CONFIG_INVALID');
  });

  test('without a problem the values of all groups are returned', () => {
    expect(readTogether({ level: () => readLogLevel({}) })).toEqual({ level: 'info' });
  });
});

describe('files of TLS', () => {
  test.each([
    ['tlsCAFile', '/nowhere/ca.pem', 'names a file that does not exist: /nowhere/ca.pem'],
    ['tlscafile', '/nowhere/ca.pem', 'names a file that does not exist'],
    ['tlsCertificateKeyFile', directory, 'names an unreadable file (EISDIR)'],
    ['tlsCAFile', noPem, 'names a file without PEM'],
  ])('%s=%s in MONGODB_URI is TLS_FILE_INVALID', (option, path, text) => {
    const env = { MONGODB_URI: `mongodb://u:canary@h/d?tls=true&${option}=${encodeURIComponent(path)}` };
    const { code, message } = refusalOf(() => readDatabaseConfig(env));
    expect(code).toBe('TLS_FILE_INVALID');
    expect(message).toContain(text);
    expect(message).not.toContain('canary');
  });

  test('a missing NODE_EXTRA_CA_CERTS, of which Node.js only warns, is TLS_FILE_INVALID', () => {
    const { code, message } = refusalOf(() => readLogLevel({ NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' }));
    expect(code).toBe('TLS_FILE_INVALID');
    expect(message).toContain('NODE_EXTRA_CA_CERTS names a file that does not exist: /nowhere/ca.pem');
  });
});
