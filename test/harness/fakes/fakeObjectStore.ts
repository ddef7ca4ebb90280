import { createHash } from 'node:crypto';
import { SnapshotError } from '../../../src/errors';
import type { ListedVersion, ObjectLock, ObjectStore, StoredVersion } from '../../../src/ports/objectStore';
import { FaultPlan } from './faults';

interface Version {
  readonly versionId: string;
  body: Buffer;
  lock: ObjectLock;
  held?: boolean;
  readonly storedAt: Date;
  readonly isDeleteMarker?: true;
}

/** A lock for versions that a test puts there without one. */
const UNLOCKED: ObjectLock = { mode: 'GOVERNANCE', until: new Date(0) };

/** Write-once storage in memory, with the semantics of an Object Lock bucket. */
export class FakeObjectStore implements ObjectStore {
  readonly faults = new FaultPlan<keyof ObjectStore>('STORAGE_UNREACHABLE');
  /** Time of what is stored from now on. */
  now = new Date('2026-03-02T00:00:00.000Z');
  /** What reading an absent object fails with: without s3:ListBucket, S3 does not say that it is absent. */
  absent: SnapshotError | undefined;
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

  /** A plain PUT, as any client with write access can send it: a new version after the others. Returns its version id. */
  overwrite(key: string, body: Buffer, storedAt = this.now): string {
    return this.#add(key, body, UNLOCKED, storedAt);
  }

  /** A plain DELETE: a delete marker hides the object, and the versions stay. Returns the version id of the marker. */
  addDeleteMarker(key: string): string {
    const versionId = `v${++this.#lastVersion}`;
    const marker = { versionId, body: Buffer.alloc(0), lock: UNLOCKED, storedAt: this.now };
    this.#list(key).push({ ...marker, isDeleteMarker: true });
    return versionId;
  }

  /** A DELETE of one version: here only a delete marker. */
  removeMarker(key: string, versionId: string): void {
    const versions = this.#list(key);
    const index = versions.findIndex((version) => version.versionId === versionId && version.isDeleteMarker);
    if (index < 0) throw new Error(`${versionId} of ${key} is no delete marker`);
    versions.splice(index, 1);
  }

  checkBucket(): Promise<void> {
    return this.faults.run('checkBucket', () => undefined);
  }

  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<{ versionId: string } | undefined> {
    return this.faults.run('putOnce', () => {
      const newest = this.#newest(key);
      // On AWS the condition holds after a delete marker.
      if (newest && !newest.isDeleteMarker) return undefined;
      return { versionId: this.#add(key, body, { mode: 'COMPLIANCE', until: holdUntil }) };
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
      if (!newest || newest.isDeleteMarker || etagOf(newest.body) !== etag) return undefined;
      return { versionId: this.#add(key, body, { mode: 'COMPLIANCE', until: holdUntil }) };
    });
  }

  get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined> {
    return this.faults.run('get', () => {
      const found = this.#find(key, versionId);
      if (!found && this.absent) throw this.absent;
      if (found && found.body.length > maxBytes) {
        throw new SnapshotError('STORAGE_FAILED', `object is larger than ${maxBytes} bytes [key=${key}]`);
      }
      if (!found || found.isDeleteMarker) return undefined;
      return { versionId: found.versionId, etag: etagOf(found.body), body: Buffer.from(found.body) };
    });
  }

  async *listVersions(prefix: string): AsyncGenerator<ListedVersion, void, undefined> {
    const listed = await this.faults.run('listVersions', () =>
      this.keys()
        .filter((key) => key.startsWith(prefix))
        .flatMap((key) => this.#listed(key)),
    );
    yield* listed;
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

  #listed(key: string): ListedVersion[] {
    const newest = this.#newest(key);
    return this.versions(key)
      .toReversed()
      .map((version) => ({
        key,
        versionId: version.versionId,
        isLatest: version === newest,
        isDeleteMarker: version.isDeleteMarker === true,
        sizeBytes: version.body.length,
        lastModified: version.storedAt,
      }));
  }

  #add(key: string, body: Buffer, lock: ObjectLock, storedAt = this.now): string {
    const versionId = `v${++this.#lastVersion}`;
    this.#list(key).push({ versionId, body: Buffer.from(body), lock, storedAt });
    return versionId;
  }

  #list(key: string): Version[] {
    const known = this.#versions.get(key);
    if (known) return known;
    const created: Version[] = [];
    this.#versions.set(key, created);
    return created;
  }

  #require(key: string, versionId: string): Version {
    const found = this.#find(key, versionId);
    if (found) return found;
    throw new SnapshotError('STORAGE_NOT_FOUND', `no such version in storage [key=${key}]`);
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
