import { readFileSync, writeFileSync } from 'node:fs';
import { readStorageConfig } from '../../../src/config';
import { makeAuthority } from '../../harness/certificates';

const KEYS = { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'hush' };
const read = (env: Record<string, string>) =>
  readStorageConfig({ AUDIT_SNAPSHOT_CONFIG: '', S3_ENDPOINT: 'https://s3.example.com', ...env });

test.each([
  'http://127.0.0.1:7070',
  'https://s3.eu-west-1.amazonaws.com',
  'http://[::1]:9000',
  'https://[fd00::1]',
])('the address %s of storage is accepted', (endpoint) => {
  expect(read({ ...KEYS, S3_ENDPOINT: endpoint }).endpoint).toBe(endpoint);
});

test.each([
  ['a path', 'https://s3.example.com/bucket', 'ADDRESS_INVALID', 'has a path'],
  ['a query', 'https://s3.example.com?x=1', 'ADDRESS_INVALID', 'has a path'],
  ['a user and password', 'https://me:hush@s3.example.com', 'ADDRESS_HAS_CREDENTIALS', 'contains a user'],
  ['no protocol', 's3.example.com:443', 'ADDRESS_INVALID', 'does not start with http'],
  ['another protocol', 's3://bucket', 'ADDRESS_INVALID', 'does not start with http'],
])(
  'an address of storage with %s is refused, without its value in the message',
  (_what, endpoint, code, reason) => {
    const wrong = () => read({ ...KEYS, S3_ENDPOINT: endpoint });
    const message = expect.stringContaining(`S3_ENDPOINT ${reason}`) as string;
    expect(wrong).toThrow(expect.objectContaining({ code, message }) as Error);
    expect(wrong).not.toThrow('hush');
  },
);

test.each([
  [{ S3_ACCESS_KEY: 'a' }, 'S3_SECRET_KEY is not set, but S3_ACCESS_KEY is'],
  [{ S3_SECRET_KEY: 'a' }, 'S3_ACCESS_KEY is not set, but S3_SECRET_KEY is'],
  [{ AWS_ACCESS_KEY_ID: 'a' }, 'AWS_SECRET_ACCESS_KEY is not set, but AWS_ACCESS_KEY_ID is'],
  [{ S3_SESSION_TOKEN: 't' }, 'S3_SESSION_TOKEN needs S3_ACCESS_KEY and S3_SECRET_KEY'],
  [{ AWS_WEB_IDENTITY_TOKEN_FILE: '/token' }, 'AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN'],
  [{ ...KEYS, S3_BUCKET: 'Bad_Bucket' }, 'S3_BUCKET is invalid: is not the name of a bucket'],
  [
    { ...KEYS, S3_PATH_STYLE: 'false', S3_ENDPOINT: 'https://[::1]' },
    'S3_PATH_STYLE=false needs a host name',
  ],
  [{ ...KEYS, S3_PATH_STYLE: 'false', S3_BUCKET: 'a.b' }, 'needs a bucket name without dots'],
  [{ ...KEYS, S3_CA_FILE: '/nowhere/ca.pem' }, 'S3_CA_FILE cannot be read: /nowhere/ca.pem'],
  [
    { ...KEYS, S3_CA: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    'S3_CA has no certificate',
  ],
  [{ ...KEYS, S3_IDLE_SECONDS: '0' }, 'S3_IDLE_SECONDS is invalid'],
])('the settings %j are refused', (env, reason) => {
  expect(() => read(env)).toThrow(reason);
});

test('the certificate of a private authority is read from its file', () => {
  const { ca } = makeAuthority();
  expect(read({ ...KEYS, S3_CA_FILE: ca }).ca).toBe(readFileSync(ca, 'utf8').trimEnd());
  const empty = `${ca}.empty`;
  writeFileSync(empty, 'no certificate');
  expect(() => read({ ...KEYS, S3_CA_FILE: empty })).toThrow('S3_CA has no certificate in PEM format');
});

test('deadlines have defaults, in milliseconds', () => {
  expect(read(KEYS).deadlines).toEqual({ connectMs: 10_000, idleMs: 30_000, requestMs: 300_000 });
});

test('the Security Token Service is that of the region, or the configured one', () => {
  const identity = { AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'arn' };
  const urlOf = (env: Record<string, string>) => read({ ...identity, ...env }).aws.webIdentity?.stsUrl;
  expect(urlOf({ S3_REGION: 'eu-west-1' })).toBe('https://sts.eu-west-1.amazonaws.com');
  expect(urlOf({ S3_REGION: 'cn-north-1' })).toBe('https://sts.cn-north-1.amazonaws.com.cn');
  expect(urlOf({ AWS_ENDPOINT_URL_STS: 'https://sts.internal' })).toBe('https://sts.internal');
});
