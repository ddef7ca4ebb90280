import { Client } from 'minio';
import { readStorageConfig } from '../../src/config';

export interface Version {
  readonly key: string;
  readonly versionId: string;
}

/** A client for what the product itself never does: listing, deleting, shortening. */
export function rawClient(): Client {
  const { endpoint, accessKey, secretKey, region } = readStorageConfig();
  const { hostname, port, protocol } = new URL(endpoint);
  const address = { endPoint: hostname, port: Number(port), useSSL: protocol === 'https:' };
  return new Client({ ...address, accessKey, secretKey, region });
}

/** Every version and delete marker below a prefix. */
export async function listVersions(prefix: string): Promise<Version[]> {
  const { bucket } = readStorageConfig();
  const stream = rawClient().listObjects(bucket, prefix, true, { IncludeVersion: true });
  const versions: Version[] = [];
  for await (const item of stream as AsyncIterable<{ name: string; versionId: string }>) {
    versions.push({ key: item.name, versionId: item.versionId });
  }
  return versions;
}
