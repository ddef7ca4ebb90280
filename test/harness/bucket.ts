import { readStorageConfig } from '../../src/config';
import { storageClient } from './lockedObject';

export interface Version {
  readonly key: string;
  readonly versionId: string;
}

/** Every version and delete marker below a prefix, on the storage that `env` names. */
export async function listVersions(
  prefix: string,
  bucket = readStorageConfig().bucket,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Version[]> {
  const client = storageClient(env as Record<string, string>);
  const stream = client.listObjects(bucket, prefix, true, { IncludeVersion: true });
  const versions: Version[] = [];
  for await (const item of stream as AsyncIterable<{ name: string; versionId: string }>) {
    versions.push({ key: item.name, versionId: item.versionId });
  }
  return versions;
}
