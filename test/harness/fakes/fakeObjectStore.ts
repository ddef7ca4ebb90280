import { createHash } from 'node:crypto';
import { SnapshotError } from '../../../src/errors';
import type { ObjectLock, ObjectStore, StoredVersion } from '../../../src/ports/objectStore';
import { FaultPlan } from './faults';

interface Version {
  readonly versionId: string;
  body: Buffer;
  lock: ObjectLock;
  held?: boolean;
}

/** Write-once storage in memory, with the semantics of an Object Lock bucket. */
export class FakeObjectStore implements ObjectStore {
  readonly faults = new FaultPlan<keyof ObjectStore>('STORAGE_UNREACHABLE');
  readonly #versions = new Map<string, Version[]>();
  #lastVersion = 0;

  keys(): string[] {
    return [...this.#versions.keys()].toSorted();
  }

  /** Every version of a key, oldest first. */
  versions(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /** Changes the bytes of the newest version, as access to the disks would; no S3 call can do it. */
  alter(key: string, body: Buffer): void {
    this.#newest(key)!.body = body;
  }

  checkBucket(): Promise<void> {
    return this.faults.run('checkBucket', () => undefined);
  }

  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<{ versionId: string } | undefined> {
    return this.faults.run('putOnce', () => {
      if (this.#versions.has(key)) return undefined;
      const versionId = `v${++this.#lastVersion}`;
      const lock = { mode: 'COMPLIANCE', until: holdUntil } as const;
      this.#versions.set(key, [{ versionId, body: Buffer.from(body), lock }]);
      return { versionId };
    });
  }

  replace(
    key: string,
    body: Buffer,
    holdUntil: Date,
    etag: string,
  ): Promise<{ versionId: string } | undefined> {
    return this.faults.run('replace', () => {
      const newest = this.#newest(key);
      if (!newest || etagOf(newest.body) !== etag) return undefined;
      const versionId = `v${++this.#lastVersion}`;
      const lock = { mode: 'COMPLIANCE', until: holdUntil } as const;
      this.#versions.get(key)!.push({ versionId, body: Buffer.from(body), lock });
      return { versionId };
    });
  }

  get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined> {
    return this.faults.run('get', () => {
      const found = this.#find(key, versionId);
      if (found && found.body.length > maxBytes) {
        throw new SnapshotError('STORAGE_FAILED', `object is larger than ${maxBytes} bytes [key=${key}]`);
      }
      if (!found) return undefined;
      return { versionId: found.versionId, etag: etagOf(found.body), body: Buffer.from(found.body) };
    });
  }

  readLock(key: string, versionId: string): Promise<ObjectLock | undefined> {
    return this.faults.run('readLock', () => this.#require(key, versionId).lock);
  }

  extendLock(key: string, versionId: string, until: Date): Promise<void> {
    return this.faults.run('extendLock', () => {
      const version = this.#require(key, versionId);
      if (version.lock.until < until) version.lock = { mode: 'COMPLIANCE', until };
    });
  }

  setLegalHold(key: string, versionId: string, held: boolean): Promise<void> {
    return this.faults.run('setLegalHold', () => {
      this.#require(key, versionId).held = held;
    });
  }

  readLegalHold(key: string, versionId: string): Promise<boolean> {
    return this.faults.run('readLegalHold', () => this.#require(key, versionId).held === true);
  }

  #require(key: string, versionId: string): Version {
    const found = this.#find(key, versionId);
    if (found) return found;
    throw new SnapshotError('STORAGE_FAILED', `storage answers NoSuchVersion [key=${key}]`);
  }

  #find(key: string, versionId?: string): Version | undefined {
    if (versionId === undefined) return this.#newest(key);
    return this.versions(key).find((version) => version.versionId === versionId);
  }

  #newest(key: string): Version | undefined {
    return this.versions(key).at(-1);
  }
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
