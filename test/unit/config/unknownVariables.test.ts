import { readLogLevel } from '../../../src/config';
import { describeSettings } from '../../../src/config/describeSettings';
import { NAMES } from '../../../src/config/schema';

describe('variables of the environment', () => {
  test.each([
    ['S3_BUCKT', 'S3_BUCKT is not a setting; did you mean S3_BUCKET?'],
    ['S3_SECRET_KEY_FLIE', 'did you mean S3_SECRET_KEY?'],
    ['MONGODB_URL', 'did you mean MONGODB_URI?'],
    ['VAULT_ADRESS', 'did you mean VAULT_ADDR?'],
    ['TEMPORAL_ADRESS', 'did you mean TEMPORAL_ADDRESS?'],
    ['TEMPORAL_TASKQUEUE', 'did you mean TEMPORAL_TASK_QUEUE?'],
    ['TSA_URI', 'TSA_URI is not a setting'],
    ['AUDIT_RETENTION', 'did you mean AUDIT_RETENTION_DAYS?'],
    ['WORKER_PROCESS', 'did you mean WORKER_PROCESSES?'],
    ['JOB_SERVICE_TOKENS', 'did you mean JOB_SERVICE_TOKEN?'],
    ['JOB_SERVICE_PORT', 'JOB_SERVICE_PORT is not a setting'],
  ])('an unknown variable %s is refused, with the setting that was probably meant', (name, text) => {
    expect(() => readLogLevel({ [name]: 'canary-value' })).toThrow(text);
    expect(() => readLogLevel({ [name]: 'canary-value' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
    expect(() => describeSettings({ [name]: 'canary-value' })).toThrow(text);
    expect(() => readLogLevel({ [name]: 'canary-value' })).not.toThrow('canary-value');
  });

  test('all unknown variables are named at once', () => {
    const env = { S3_BUCKT: 'x', VAULT_ADRESS: 'y' };
    expect(() => readLogLevel(env)).toThrow(/S3_BUCKT is not a setting.*VAULT_ADRESS is not a setting/);
  });

  test.each([
    ['a variable without one of our prefixes', { LOG_FORMAT: 'json', AWS_REGION: 'x', MONGO_URL: 'y' }],
    ['the file of every setting', Object.fromEntries(NAMES.map((name) => [`${name}_FILE`, '']))],
    ['the file of the configuration', { AUDIT_SNAPSHOT_CACHE: '/x', WORKER_HTTP_PORT: '9464' }],
    [
      'the service links of Kubernetes',
      {
        VAULT_SERVICE_HOST: '10.0.0.1',
        VAULT_SERVICE_PORT: '8200',
        VAULT_SERVICE_PORT_HTTPS: '8200',
        VAULT_PORT: 'tcp://10.0.0.1:8200',
        VAULT_PORT_8200_TCP: 'tcp://10.0.0.1:8200',
        VAULT_PORT_8200_TCP_ADDR: '10.0.0.1',
        AUDIT_SNAPSHOT_JOB_SERVICE_SERVICE_HOST: '10.0.0.2',
        JOB_SERVICE_HOST: '10.0.0.2',
        JOB_SERVICE_PORT: '80',
      },
    ],
    ['variables of the command lines of Vault and Temporal', { VAULT_FORMAT: 'json', TEMPORAL_ENV: 'dev' }],
    ['standard variables of Temporal', { TEMPORAL_PROFILE: 'prod', TEMPORAL_TLS_SERVER_NAME: 'x' }],
  ])('%s is accepted', (_what, env) => {
    expect(readLogLevel(env)).toBe('info');
  });
});
