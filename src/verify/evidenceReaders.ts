import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isSnapshotError, malformed } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import type { ObjectStore } from '../ports/objectStore';
import type { EvidenceReader } from './evidenceReader';

/** Evidence in the bucket. A chunk is read at the version its manifest names. */
export function bucketReader(store: ObjectStore): EvidenceReader {
  return {
    async read(key, versionId, maxBytes) {
      return (await store.get(key, maxBytes, versionId))?.body;
    },
    async readLock(key, versionId) {
      const version = versionId ?? (await store.get(key, MAX_MANIFEST_BYTES))?.versionId;
      return version === undefined ? 'no object' : readLock(store, key, version);
    },
    listVersions: (prefix) => store.listVersions(prefix),
  };
}

/** A version that is gone is reported where its bytes are read. */
async function readLock(
  store: ObjectStore,
  key: string,
  versionId: string,
): Promise<Awaited<ReturnType<NonNullable<EvidenceReader['readLock']>>>> {
  try {
    return await store.readLock(key, versionId);
  } catch (error) {
    if (isSnapshotError(error, 'STORAGE_NOT_FOUND')) return 'no object';
    throw error;
  }
}

/**
 * Evidence in a directory with the layout of the bucket. The directory is untrusted: a key that leads out of it, and a
 * symbolic link anywhere on the path, are EVIDENCE_MALFORMED. Version ids are ignored; only content counts.
 */
export function directoryReader(directory: string): EvidenceReader {
  return {
    async read(key, _versionId, maxBytes) {
      const segments = segmentsOf(key);
      const root = await realpath(directory);
      const path = join(root, ...segments);
      try {
        for (let depth = 1; depth < segments.length; depth++)
          await refuseLink(join(root, ...segments.slice(0, depth)));
        return await readFile(path, key, maxBytes);
      } catch (error) {
        const code = typeof error === 'object' && error && 'code' in error ? error.code : undefined;
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        if (code === 'ELOOP') throw isLink(path);
        throw error;
      }
    },
  };
}

function segmentsOf(key: string): readonly string[] {
  const segments = key.split('/');
  if (segments.some((segment) => ['', '.', '..'].includes(segment) || segment.includes(sep)))
    throw malformed(`key leads out of the directory [key=${key.slice(0, 200)}]`);
  return segments;
}

async function refuseLink(path: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) throw isLink(path);
}

function isLink(path: string): Error {
  return malformed(`a symbolic link is not evidence [path=${path}]`);
}

async function readFile(path: string, key: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw malformed(`not a file [key=${key}]`);
    if (stat.size > maxBytes)
      throw malformed(`object of ${stat.size} bytes is larger than ${maxBytes} [key=${key}]`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
