import type { StorageConfig } from '../config';
import { BucketClient } from './bucketClient';
import { toStorageError } from './errors';
import { RIGHTS } from './rights';

/** A version in the listing that hides the versions of its key. */
interface DeleteMarker {
  readonly key: string;
  readonly versionId: string;
}

/**
 * Deletes delete markers by their version ids, so that the versions under them are visible again. It is no part of the
 * object store of sealing, which deletes nothing. STORAGE_*.
 */
export function deleteMarkerRemover(config: StorageConfig): (marker: DeleteMarker) => Promise<void> {
  const bucket = new BucketClient(config);
  return async ({ key, versionId }) => {
    try {
      await bucket.send({ method: 'DELETE', key, query: { versionId } });
    } catch (error) {
      throw toStorageError(bucket.where(key, versionId), error, RIGHTS.DELETE_VERSION);
    }
  };
}
