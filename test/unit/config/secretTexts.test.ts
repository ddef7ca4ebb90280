import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  readReportingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../../../src/config';
import { refusalOf } from '../../harness/refusalOf';

const NONE = { XDG_CONFIG_HOME: '/nowhere' };
const STORAGE = { ...NONE, S3_ENDPOINT: 'http://s3.example' };
const TEMPORAL = { ...NONE, TEMPORAL_ADDRESS: 'temporal.example:7233' };
const UNSENDABLE = ['canary\nsecond', 'canary\r\nx: y', 'canary\u20ac', 'canary\0', 'can\u007fary'];
const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-secrets-'));

const SETTINGS = [
  ['VAULT_TOKEN', { ...NONE, VAULT_ADDR: 'http://vault.example' }, readVaultConfig],
  ['JOB_SERVICE_TOKEN', NONE, readReportingConfig],
  ['S3_SESSION_TOKEN', { ...STORAGE, S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' }, readStorageConfig],
  ['AWS_SESSION_TOKEN', STORAGE, readStorageConfig],
  ['AWS_CONTAINER_AUTHORIZATION_TOKEN', STORAGE, readStorageConfig],
  ['TEMPORAL_API_KEY', TEMPORAL, readTemporalConfig],
  ['TEMPORAL_GRPC_META_TEAM', TEMPORAL, readTemporalConfig],
] as const;

describe.each(SETTINGS)('%s', (name, rest, read) => {
  test.each(UNSENDABLE)('with text that no header may have is refused and not shown: %j', (value) => {
    const { code, message } = refusalOf(() => read({ ...rest, [name]: value }));
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toMatch(/character that no HTTP header may have/);
    expect(message).toMatch(name === 'TEMPORAL_GRPC_META_TEAM' ? /team/i : new RegExp(name));
    expect(message).not.toMatch(/canary|second|ary/);
  });
});

test('an API key of a profile file that no header may have is refused and not shown', () => {
  const file = join(directory, 'temporal.toml');
  writeFileSync(file, '[profile.default]\naddress = "t:1"\napi_key = "canary\\nsecond"\n');
  const { code, message } = refusalOf(() => readTemporalConfig({ ...NONE, TEMPORAL_CONFIG_FILE: file }));
  expect(code).toBe('CONFIG_INVALID');
  expect(message).not.toContain('canary');
});

test('the token of reports is read again from its file, and stays the last one without a usable file', () => {
  const file = join(directory, 'token');
  writeFileSync(file, 'first\n\n');
  const { token } = readReportingConfig({ ...NONE, JOB_SERVICE_TOKEN_FILE: file });
  expect(token?.()).toBe('first');
  writeFileSync(file, 'second');
  expect(token?.()).toBe('second');
  writeFileSync(file, 'third\nfourth');
  expect(token?.()).toBe('second');
  rmSync(file);
  expect(token?.()).toBe('second');
});
