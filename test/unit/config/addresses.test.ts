import {
  readDatabaseConfig,
  readJobServiceConfig,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../../../src/config';
import { describeSettings } from '../../../src/config/describeSettings';
import { refusalOf } from '../../harness/refusalOf';

const CANARY = 'canary-Zx81';

const COMPLETE = {
  S3_ENDPOINT: 'https://s3.example.com',
  S3_ACCESS_KEY: 'a',
  S3_SECRET_KEY: 'b',
  VAULT_ADDR: 'https://vault.example.com',
  VAULT_TOKEN: 't',
  AUDIT_ORIGIN: 'example.com/audit',
  TEMPORAL_ADDRESS: 'temporal.example.com:7233',
  JOB_SERVICE_INSECURE_NO_AUTH: 'true',
};

type Read = (env: Readonly<Record<string, string>>) => unknown;

/** Every setting that is an address of a server and is not a secret. */
const ADDRESSES: readonly (readonly [name: string, read: Read])[] = [
  ['S3_ENDPOINT', readStorageConfig],
  ['VAULT_ADDR', readVaultConfig],
  ['TEMPORAL_UI_URL', readTemporalConfig],
  ['TSA_URL', readSealingConfig],
  ['JOB_SERVICE_URL', readReportingConfig],
  ['JOB_SERVICE_JWKS_URL', readJobServiceConfig],
];

describe('addresses', () => {
  test.each(ADDRESSES)('%s with a user and a password is refused without showing either', (name, read) => {
    for (const address of [
      `https://user:${CANARY}@host.example.com`,
      `https://${CANARY}@host.example.com`,
      `https://user:${CANARY}/x@host.example.com/`,
      `https://user:12/${CANARY}@host.example.com`,
      `https://host.example.com/@${CANARY}`,
      `user:${CANARY}@host.example.com`,
    ]) {
      const { code, message } = refusalOf(() => read({ ...COMPLETE, [name]: address }));
      expect(code).toBe('ADDRESS_HAS_CREDENTIALS');
      expect(message).toContain(name);
      expect(message).not.toContain(CANARY);
    }
  });

  test.each(ADDRESSES)(
    '%s of another form is refused with ADDRESS_INVALID, without its value',
    (name, read) => {
      for (const address of [CANARY, `ftp://${CANARY}`, `https://`, `https://a b/${CANARY}`, `//${CANARY}`]) {
        const { code, message } = refusalOf(() => read({ ...COMPLETE, [name]: address }));
        expect(code).toBe('ADDRESS_INVALID');
        expect(message).not.toContain(CANARY);
      }
    },
  );

  test.each(['S3_ENDPOINT', 'VAULT_ADDR', 'JOB_SERVICE_URL', 'TEMPORAL_UI_URL'])(
    'a query in %s, where a key may be, is refused',
    (name) => {
      const [, read] = ADDRESSES.find(([known]) => known === name)!;
      const env = { ...COMPLETE, [name]: `https://host.example.com/?key=${CANARY}` };
      const { code, message } = refusalOf(() => read(env));
      expect(code).toBe('ADDRESS_INVALID');
      expect(message).not.toContain(CANARY);
    },
  );

  test('a timestamp authority may have a query, which "config show" does not show', () => {
    const env = { ...COMPLETE, TSA_URL: `https://tsa.example.com/tsr?key=${CANARY}` };
    expect(readSealingConfig(env).tsaUrl).toBe(env.TSA_URL);
    expect(JSON.stringify(describeSettings(env))).not.toContain(CANARY);
  });

  test.each([
    ['https://temporal.example.com:7233', 'starts with a scheme'],
    ['http://temporal.example.com', 'starts with a scheme'],
    ['dns:///temporal.example.com:7233', 'starts with a scheme'],
    ['temporal.example.com:7233/default', 'is not host:port'],
    ['temporal.example.com:72330', 'is not host:port'],
    ['temporal.example.com:', 'is not host:port'],
    ['::1:7233', 'is not host:port'],
    ['two words:7233', 'is not host:port'],
  ])('TEMPORAL_ADDRESS=%s is ADDRESS_INVALID: it %s', (address, text) => {
    const { code, message } = refusalOf(() => readTemporalConfig({ TEMPORAL_ADDRESS: address }));
    expect(code).toBe('ADDRESS_INVALID');
    expect(message).toContain(`TEMPORAL_ADDRESS ${text}`);
  });

  test('TEMPORAL_ADDRESS with a user and a password is refused without showing either', () => {
    const env = { TEMPORAL_ADDRESS: `user:${CANARY}@temporal.example.com:7233` };
    const { code, message } = refusalOf(() => readTemporalConfig(env));
    expect(code).toBe('ADDRESS_HAS_CREDENTIALS');
    expect(message).not.toContain(CANARY);
  });

  test.each(['temporal.example.com:7233', '127.0.0.1:7233', '[::1]:7233', 'my_frontend:7233', 'localhost'])(
    'TEMPORAL_ADDRESS=%s is accepted',
    (address) => {
      expect(readTemporalConfig({ TEMPORAL_ADDRESS: address }).address).toBe(address);
    },
  );

  test('an issuer that is a URL with a password is refused, because it is compared and shown', () => {
    const env = {
      JOB_SERVICE_JWKS_URL: 'https://idp.example.com/keys',
      JOB_SERVICE_JWT_ISSUER: `https://user:${CANARY}@idp.example.com`,
      JOB_SERVICE_JWT_AUDIENCE: 'jobs',
    };
    const { code, message } = refusalOf(() => readJobServiceConfig(env));
    expect(code).toBe('ADDRESS_HAS_CREDENTIALS');
    expect(message).not.toContain(CANARY);
  });
});

describe('MONGODB_URI', () => {
  test.each([
    'mongodb://host:27017/app',
    'mongodb://user:p%40ss%2Fword@host:27017,other:27018/app?replicaSet=rs0&authSource=admin',
    'mongodb+srv://user:pw@cluster.example.net/app?retryWrites=true',
    'mongodb://[::1]:27017/audit-log_2',
  ])('%s is accepted', (uri) => {
    expect(readDatabaseConfig({ MONGODB_URI: uri })).toEqual({ uri });
  });

  test.each([
    ['mongodb://host:27017', 'CONFIG_INVALID', 'names no database'],
    ['mongodb://host:27017/', 'CONFIG_INVALID', 'names no database'],
    ['mongodb://host:27017/?replicaSet=rs0', 'CONFIG_INVALID', 'names no database'],
    ['mongodb://host:27017?replicaSet=rs0', 'CONFIG_INVALID', 'names no database'],
    ['mongodb+srv://u:p@cluster.example.net/?authSource=admin', 'CONFIG_INVALID', 'names no database'],
    ['mongodb://host/app/logs', 'CONFIG_INVALID', 'not the name of a database'],
    ['mongodb://host/a.b', 'CONFIG_INVALID', 'not the name of a database'],
    ['mongodb://host/%zz', 'CONFIG_INVALID', 'not the name of a database'],
    ['mongodb:///app', 'ADDRESS_INVALID', 'names no host'],
    ['mongodb://user:pw@/app', 'ADDRESS_INVALID', 'names no host'],
    ['postgres://host/app', 'ADDRESS_INVALID', 'does not start with mongodb://'],
    ['host:27017/app', 'ADDRESS_INVALID', 'does not start with mongodb://'],
    [`mongodb://user:${CANARY}@x@host/app`, 'ADDRESS_INVALID', 'write @ as %40'],
    [`mongodb://user:${CANARY}/x@host/app`, 'ADDRESS_INVALID', 'write @ as %40'],
  ])('%s is refused with %s: it %s', (uri, code, text) => {
    const refusal = refusalOf(() => readDatabaseConfig({ MONGODB_URI: uri }));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(text);
    expect(refusal.message).not.toContain(CANARY);
  });
});
