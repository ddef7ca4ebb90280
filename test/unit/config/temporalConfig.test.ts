import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTemporalConfig, readWorkerConfig } from '../../../src/config';

const NONE = { XDG_CONFIG_HOME: '/nowhere' };
const ADDRESS = { ...NONE, TEMPORAL_ADDRESS: 'temporal.example:7233' };
const PEM = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-temporal-'));
let files = 0;

function fileWith(text: string): string {
  const path = join(directory, String(files++));
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const PROFILES = `
[profile.default]
address = "from-profile:7233"
namespace = "of-profile"
api_key = "key-of-profile"
[profile.default.grpc_meta]
team = "audit"
[profile.other]
address = "other:7233"
`;

describe('settings of Temporal', () => {
  test('an address alone connects without TLS to the namespace "default"', () => {
    expect(readTemporalConfig(ADDRESS)).toEqual({
      address: 'temporal.example:7233',
      namespace: 'default',
      taskQueue: 'audit-snapshot',
      uiUrl: undefined,
      tls: undefined,
      apiKey: undefined,
      metadata: {},
    });
  });

  test('the profile file of the tools of Temporal is used, and variables have precedence over it', () => {
    const env = { ...NONE, TEMPORAL_CONFIG_FILE: fileWith(PROFILES) };
    const fromFile = readTemporalConfig(env);
    expect(fromFile).toMatchObject({
      address: 'from-profile:7233',
      namespace: 'of-profile',
      metadata: { team: 'audit' },
    });
    expect(fromFile.apiKey?.()).toBe('key-of-profile');
    expect(readTemporalConfig({ ...env, TEMPORAL_PROFILE: 'other' }).address).toBe('other:7233');
    const overridden = {
      ...env,
      TEMPORAL_ADDRESS: 'x:1',
      TEMPORAL_GRPC_META_TEAM: 'other',
      TEMPORAL_API_KEY: 'k',
    };
    const config = readTemporalConfig(overridden);
    expect(config).toMatchObject({ address: 'x:1', namespace: 'of-profile', metadata: { team: 'other' } });
    expect(config.apiKey?.()).toBe('k');
  });

  test('settings of our own configuration file have precedence over the profile file', () => {
    const own = fileWith('temporal_address = "own:7233"\n');
    const env = { ...NONE, AUDIT_SNAPSHOT_CONFIG: own, TEMPORAL_CONFIG_FILE: fileWith(PROFILES) };
    expect(readTemporalConfig(env).address).toBe('own:7233');
  });

  test('certificates are read from paths or from variables', () => {
    const path = fileWith(PEM);
    expect(
      readTemporalConfig({
        ...ADDRESS,
        TEMPORAL_TLS_CLIENT_CERT_PATH: path,
        TEMPORAL_TLS_CLIENT_KEY_DATA: PEM,
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: path,
        TEMPORAL_TLS_SERVER_NAME: 'other.example',
      }).tls,
    ).toEqual({
      serverNameOverride: 'other.example',
      serverRootCACertificate: Buffer.from(PEM),
      clientCertPair: { crt: Buffer.from(PEM), key: Buffer.from(PEM) },
    });
    expect(readTemporalConfig({ ...ADDRESS, TEMPORAL_TLS: 'true' }).tls).toEqual({});
    expect(readTemporalConfig({ ...ADDRESS, TEMPORAL_TLS: 'false' }).tls).toBe(false);
  });

  test('the file of an API key is read again when it was replaced', () => {
    const path = fileWith('first\n');
    const { apiKey } = readTemporalConfig({ ...ADDRESS, TEMPORAL_API_KEY_FILE: path });
    expect(apiKey?.()).toBe('first');
    writeFileSync(path, 'second\n');
    expect(apiKey?.()).toBe('second');
    writeFileSync(path, '');
    expect(apiKey?.()).toBe('second');
  });

  test.each([
    ['no address', NONE, 'CONFIG_INVALID', 'TEMPORAL_ADDRESS is not set'],
    ['an empty address', { ...NONE, TEMPORAL_ADDRESS: '' }, 'CONFIG_INVALID', 'TEMPORAL_ADDRESS'],
    ['https://', { ...NONE, TEMPORAL_ADDRESS: 'https://t:7233' }, 'ADDRESS_INVALID', 'scheme'],
    ['another scheme', { ...NONE, TEMPORAL_ADDRESS: 'grpc://t:7233' }, 'ADDRESS_INVALID', 'scheme'],
    [
      'a scheme in a profile',
      { ...NONE, TEMPORAL_CONFIG_FILE: fileWith('[profile.default]\naddress = "http://t"\n') },
      'ADDRESS_INVALID',
      'scheme',
    ],
    [
      'a value of TEMPORAL_TLS that nobody knows',
      { ...ADDRESS, TEMPORAL_TLS: 'TRUE' },
      'CONFIG_INVALID',
      'TEMPORAL_TLS',
    ],
    [
      'a certificate without its key',
      { ...ADDRESS, TEMPORAL_TLS_CLIENT_CERT_PATH: fileWith(PEM) },
      'CONFIG_INVALID',
      'TEMPORAL_TLS_CLIENT_KEY_PATH',
    ],
    [
      'a CA file that does not exist',
      { ...ADDRESS, TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' },
      'TLS_FILE_INVALID',
      '/nowhere/ca.pem',
    ],
    [
      'a CA file without a certificate',
      { ...ADDRESS, TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileWith('nothing') },
      'TLS_FILE_INVALID',
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    ],
    [
      'an address with a user',
      { ...NONE, TEMPORAL_ADDRESS: 'me:hush@t:7233' },
      'ADDRESS_HAS_CREDENTIALS',
      'password',
    ],
    [
      'data that is not PEM',
      { ...ADDRESS, TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'x' },
      'TLS_FILE_INVALID',
      'CERT_DATA',
    ],
    [
      'a path and data for one certificate',
      { ...ADDRESS, TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileWith(PEM), TEMPORAL_TLS_SERVER_CA_CERT_DATA: PEM },
      'CONFIG_INVALID',
      'path and data',
    ],
    [
      'a missing profile file',
      { ...NONE, TEMPORAL_CONFIG_FILE: '/nowhere/t.toml' },
      'CONFIG_INVALID',
      '/nowhere/t.toml',
    ],
    [
      'a missing profile',
      { ...NONE, TEMPORAL_CONFIG_FILE: fileWith(PROFILES), TEMPORAL_PROFILE: 'prod' },
      'CONFIG_INVALID',
      'TEMPORAL_PROFILE',
    ],
    [
      'an empty profile file',
      { ...ADDRESS, TEMPORAL_CONFIG_FILE: fileWith('') },
      'CONFIG_INVALID',
      'profile',
    ],
    [
      'a misspelt member of a profile',
      { ...ADDRESS, TEMPORAL_CONFIG_FILE: fileWith('[profile.default.tls]\nclient_cert_paht = "x"\n') },
      'CONFIG_INVALID',
      'client_cert_paht',
    ],
  ])('%s is an error with its own code', (_what, env, code, text) => {
    expect(() => readTemporalConfig(env)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    );
  });

  test('a profile file that is not TOML is not quoted', () => {
    const env = { ...ADDRESS, TEMPORAL_CONFIG_FILE: fileWith('[profile.default]\napi_key = hush\n') };
    expect(() => readTemporalConfig(env)).toThrow('is not TOML');
    expect(() => readTemporalConfig(env)).not.toThrow('hush');
  });
});

describe('worker versioning', () => {
  test.each([
    ['off by default', {}, undefined],
    ['off', { WORKER_VERSIONING: 'off', WORKER_BUILD_ID: 'b' }, undefined],
    [
      'pinned',
      { WORKER_VERSIONING: 'pinned' },
      { name: 'audit-snapshot', buildId: undefined, behavior: 'PINNED' },
    ],
    [
      'auto-upgrade',
      { WORKER_VERSIONING: 'auto-upgrade', WORKER_DEPLOYMENT_NAME: 'd', WORKER_BUILD_ID: '1.2.3' },
      { name: 'd', buildId: '1.2.3', behavior: 'AUTO_UPGRADE' },
    ],
  ])('is %s as configured', (_what, env, deployment) => {
    expect(readWorkerConfig({ ...NONE, ...env }).deployment).toEqual(deployment);
  });

  test('with another behavior is CONFIG_INVALID', () => {
    expect(() => readWorkerConfig({ ...NONE, WORKER_VERSIONING: 'pined' })).toThrow('WORKER_VERSIONING');
  });
});
