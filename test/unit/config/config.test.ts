import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSealingConfig, readStorageConfig, readVaultConfig } from '../../../src/config';
import { describeSettings } from '../../../src/config/describeSettings';

const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-config-'));
let files = 0;

function fileWith(text: string, mode = 0o600): string {
  const path = join(directory, `${files++}.toml`);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

const inFile = (text: string, mode?: number) => ({ AUDIT_SNAPSHOT_CONFIG: fileWith(text, mode) });
const STORAGE = 's3_endpoint = "http://127.0.0.1:1"\ns3_access_key = "a"\n';

describe('settings', () => {
  test('settings that are addresses are shown without the credentials in them', () => {
    const shown = describeSettings({
      VAULT_ADDR: 'http://me:hush@vault.internal:8200',
      TSA_URL: 'https://me:hu/sh@tsa.internal/tsr',
    });
    const valueOf = (wanted: string) => shown.find(({ name }) => name === wanted)?.value;
    expect(valueOf('VAULT_ADDR')).toBe('http://(redacted)@vault.internal:8200');
    expect(valueOf('TSA_URL')).toBe('https://(redacted)@tsa.internal/tsr');
  });

  test('the environment takes precedence over the configuration file, and the file over defaults', () => {
    const env = inFile(`${STORAGE}s3_secret_key = "b"\ns3_bucket = "of-the-file"\ns3_region = "eu-1"\n`);
    expect(readStorageConfig(env)).toMatchObject({ bucket: 'of-the-file', region: 'eu-1' });
    expect(readStorageConfig({ ...env, S3_BUCKET: 'of-the-environment', S3_REGION: '' })).toMatchObject({
      bucket: 'of-the-environment',
      region: 'eu-1',
    });
  });

  test('settings may be whole numbers in the file, within the same limits', () => {
    expect(readSealingConfig(inFile('audit_origin = "a.example"\naudit_hold_days = 3\n')).holdMs).toBe(
      3 * 86_400_000,
    );
    expect(() => readSealingConfig(inFile('audit_hold_days = 0\n'))).toThrow('AUDIT_HOLD_DAYS is invalid');
    expect(() => readSealingConfig(inFile('audit_hold_days = 3.5\n'))).toThrow('is not a whole number');
  });

  test('a secret may be in a file of its own that the configuration file names', () => {
    const secret = fileWith('hush\n');
    const env = inFile(`vault_addr = "http://127.0.0.1:1"\nvault_token_file = "${secret}"\n`, 0o644);
    expect(readVaultConfig(env).credentials).toEqual({ token: 'hush' });
  });

  test.each([
    ['an unknown key', 's3_buckt = "x"\n', 's3_buckt is not a setting; did you mean s3_bucket?'],
    ['a key in capitals', 'S3_BUCKET = "x"\n', 'S3_BUCKET is not a setting'],
    ['a table', '[s3]\nbucket = "x"\n', 's3 is not a setting'],
    ['a list', 's3_bucket = ["x"]\n', 's3_bucket is not a string, number or boolean'],
    ['a key that names a prototype', '"__proto__" = "x"\n', '__proto__ is not a setting'],
  ])('a configuration file with %s is rejected, and the message names the file', (_what, text, fault) => {
    const env = inFile(text);
    expect(() => readSealingConfig(env)).toThrow(`configuration file ${env.AUDIT_SNAPSHOT_CONFIG}: ${fault}`);
  });

  test('a secret in a file that others can read is rejected, without its value in the message', () => {
    const env = inFile('vault_token = "hush"\n', 0o644);
    expect(() => readSealingConfig(env)).toThrow('vault_token is a secret and others can read the file');
    expect(() => readSealingConfig(env)).not.toThrow('hush');
  });

  test('a file that is not TOML is rejected with line and column, without quoting the line', () => {
    const env = inFile('log_level = "info"\nvault_token = hush\n');
    expect(() => readSealingConfig(env)).toThrow('not TOML at line 2');
    expect(() => readSealingConfig(env)).not.toThrow('hush');
  });

  test('a missing file is an error when it is named, and none at the default path', () => {
    expect(() => readSealingConfig({ AUDIT_SNAPSHOT_CONFIG: '/nowhere/x.toml' })).toThrow(
      'configuration file cannot be read: /nowhere/x.toml',
    );
    const env = { XDG_CONFIG_HOME: '/nowhere', AUDIT_ORIGIN: 'a.example' };
    expect(readSealingConfig(env)).toMatchObject({ origin: 'a.example', holdMs: 7 * 86_400_000 });
  });

  test('there is no default origin: every log has a name of its own', () => {
    expect(() => readSealingConfig({ XDG_CONFIG_HOME: '/nowhere' })).toThrow('AUDIT_ORIGIN is not set');
  });

  test('described settings have their source, and never the value of a secret', () => {
    const secret = fileWith('hush');
    const env = { ...inFile('s3_bucket = "b"\n'), VAULT_TOKEN_FILE: secret, HOST: '0.0.0.0' };
    const shown = new Map(describeSettings(env).map((setting) => [setting.name, setting]));
    expect(shown.get('HOST')).toMatchObject({ value: '0.0.0.0', source: 'environment' });
    expect(shown.get('S3_BUCKET')).toMatchObject({ value: 'b', source: env.AUDIT_SNAPSHOT_CONFIG });
    expect(shown.get('VAULT_TOKEN')).toEqual({
      name: 'VAULT_TOKEN',
      secret: true,
      value: null,
      source: `environment: VAULT_TOKEN_FILE ${secret}`,
    });
    expect(shown.get('PORT')).toMatchObject({ value: '8080', source: 'default' });
    expect(shown.get('TSA_URL')).toMatchObject({ value: null, source: 'not set' });
    expect(JSON.stringify([...shown])).not.toContain('hush');
  });
});
