import { createHash } from 'node:crypto';
import { Client } from 'minio';
import type { Variables } from '../../dev/stack/serverName';

/** The stack's storage by a client of its own, as an auditor would use it. */
export function storageClient(env: Variables): Client {
  const { hostname, port } = new URL(env['S3_ENDPOINT'] ?? '');
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: env['S3_ACCESS_KEY'] ?? '',
    secretKey: env['S3_SECRET_KEY'] ?? '',
    region: env['S3_REGION'] ?? '',
    retryOptions: { disableRetry: true },
  });
}

/** One PUT with a COMPLIANCE lock; returns the version that storage acknowledged. */
export async function putLocked(
  client: Client,
  bucketName: string,
  objectName: string,
  body: Buffer,
  until: Date,
): Promise<string> {
  const headers = {
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-object-lock-retain-until-date': until.toISOString(),
    'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
  };
  const response = await client.makeRequestAsync(
    { method: 'PUT', bucketName, objectName, headers },
    body,
    [200],
  );
  return String(response.headers['x-amz-version-id']);
}
