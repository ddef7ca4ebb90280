import { readStorageConfig } from '../../config';
import type { ObjectStore } from '../../ports/objectStore';
import { connectObjectStore } from '../../storage/minioObjectStore';

/** The configured bucket. Nothing is sent before the first call, and nothing is left to close. CONFIG_INVALID. */
export function openObjectStore(): ObjectStore {
  return connectObjectStore(readStorageConfig());
}
