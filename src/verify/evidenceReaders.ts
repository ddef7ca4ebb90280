import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SnapshotError } from '../errors';
import type { EvidenceReader } from './evidenceReader';
import { MAX_MANIFEST_BYTES } from '../evidence/manifest';
import type { ObjectStore } from '../ports/objectStore';

/** Evidence as the bucket holds it. A chunk is read at the version its manifest names. */
export function bucketReader(store: ObjectStore): EvidenceReader {
  return {
    async read(key, versionId, maxBytes) {
      return (await store.get(key, maxBytes, versionId))?.body;
    },
    async readLock(key, versionId) {
      const version = versionId ?? (await store.get(key, MAX_MANIFEST_BYTES))?.versionId;
      return version === undefined ? 'no object' : store.readLock(key, version);
    },
  };
}

/**
 * Evidence in a directory with the bucket's layout. The directory is untrusted: keys that leave it and anything on the
 * way that is a link are EVIDENCE_MALFORMED; versions mean nothing there, content is what counts.
 */
export function directoryReader(directory: string): EvidenceReader {
  return {
    async read(key, _versionId, maxBytes) {
      const segments = key.split('/');
      if (
        segments.some(
          (segment) => segment === '' || segment === '.' || segment === '..' || segment.includes(sep),
        )
      ) {
        throw new SnapshotError('EVIDENCE_MALFORMED', `key leaves the directory [key=${key.slice(0, 200)}]`);
      }
      const root = await realpath(directory);
      const path = join(root, ...segments);
      try {
        for (let depth = 1; depth < segments.length; depth++)
          await refuseLink(join(root, ...segments.slice(0, depth)));
        return await readFile(path, key, maxBytes);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        if (code === 'ELOOP')
          throw new SnapshotError('EVIDENCE_MALFORMED', `a link stands for evidence [path=${path}]`);
        throw error;
      }
    },
  };
}

async function refuseLink(path: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) {
    throw new SnapshotError('EVIDENCE_MALFORMED', `a link stands for evidence [path=${path}]`);
  }
}

async function readFile(path: string, key: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new SnapshotError('EVIDENCE_MALFORMED', `not a file [key=${key}]`);
    if (stat.size > maxBytes) {
      throw new SnapshotError(
        'EVIDENCE_MALFORMED',
        `${stat.size} bytes are more than evidence has [key=${key}]`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
