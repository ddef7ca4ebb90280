import { Client } from 'minio';
import { SnapshotError, messageOf } from '../../src/errors';
import type { Environment } from './serverName';

/**
 * Makes a bucket with Object Lock on the storage of a stack, unless it exists: one bucket holds the ledger of one
 * origin. Object Lock can only be enabled when a bucket is created, and it enables versioning. STORAGE_FAILED.
 */
export async function createLockedBucket(env: Environment, bucket: string): Promise<void> {
  const { hostname, port, protocol } = new URL(env['S3_ENDPOINT'] ?? '');
  const region = env['S3_REGION'] ?? 'us-east-1';
  const useSSL = protocol === 'https:';
  const client = new Client({
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    region,
    accessKey: env['S3_ACCESS_KEY'] ?? '',
    secretKey: env['S3_SECRET_KEY'] ?? '',
    retryOptions: { disableRetry: true },
  });
  try {
    if (!(await client.bucketExists(bucket)))
      await client.makeBucket(bucket, region, { ObjectLocking: true });
    // Rejects for a bucket without Object Lock. The client's types lose the promise of the last of three overloads.
    await (client.getObjectLockConfig(bucket) as unknown as Promise<unknown>);
  } catch (cause) {
    throw new SnapshotError('STORAGE_FAILED', `bucket ${bucket} with Object Lock: ${messageOf(cause)}`, {
      cause,
    });
  }
}
