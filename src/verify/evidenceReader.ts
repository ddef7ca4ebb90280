import type { ListedVersion } from '../ports/objectStore';

/** Where evidence is read from: a bucket, or a directory with the same layout. */
export interface EvidenceReader {
  /** The bytes of an object, or undefined when it does not exist. An object larger than `maxBytes` is an error. */
  read(key: string, versionId: string | undefined, maxBytes: number): Promise<Buffer | undefined>;
  /** The lock of an object, undefined when it has none. Only a bucket has locks. */
  readLock?(
    key: string,
    versionId: string | undefined,
  ): Promise<{ readonly mode: string; readonly until: Date } | 'no object' | undefined>;
  /** Every version and delete marker below a key prefix, as `ObjectStore.listVersions` lists them. Only a bucket has versions. */
  listVersions?(prefix: string): AsyncIterable<ListedVersion>;
}
