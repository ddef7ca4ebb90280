import { readStorageConfig } from '../../src/config';
import type { StorageConfig } from '../../src/config';

/** Settings for a server of a test, with deadlines that a test can wait for. */
export function storageConfigFor(endpoint: string, overrides: Partial<StorageConfig> = {}): StorageConfig {
  const env = {
    AUDIT_SNAPSHOT_CONFIG: '',
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: 'access',
    S3_SECRET_KEY: 'hush-hush',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const deadlines = { connectMs: 2_000, idleMs: 2_000, requestMs: 4_000 };
  return { ...readStorageConfig(env), deadlines, ...overrides };
}
