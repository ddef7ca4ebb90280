/**
 * The room of ports: what the product needs from each server, as small interfaces of its own, one a file, with the rows
 * it returns. Each states what a backend guarantees; a vendor room implements it, and a fake passes the same test suite.
 */

interface StoredRef {
  readonly versionId: string;
}

/** One stored version, as storage returns it. */
export interface StoredVersion extends StoredRef {
  /** Identifies these bytes under this key, for {@link ObjectStore.replace}; spelled as the server spells it. */
  readonly etag: string;
  readonly body: Buffer;
}

/** One version of an object, or a delete marker, as storage lists it. */
export interface ListedVersion extends StoredRef {
  readonly key: string;
  /** True for the version that a read without version id gets, or for the marker that hides the object from it. */
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  /** 0 for a delete marker. */
  readonly sizeBytes: number;
  /** By the clock of the server, in whole seconds or finer. */
  readonly lastModified: Date;
}

export interface ObjectLock {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly until: Date;
}

/**
 * Write-once storage: a versioned bucket with Object Lock. Sealing relies on three guarantees of every backend. A write
 * and its condition are one atomic request, so of many concurrent writers of a key exactly one succeeds. A version that
 * was acknowledged is visible to the next read of any process. A COMPLIANCE lock cannot be shortened or removed.
 * Errors: STORAGE_* and LOCK_REFUSED; no method retries.
 */
export interface ObjectStore {
  /** Fails unless the bucket exists with Object Lock: BUCKET_MISSING, BUCKET_WITHOUT_LOCK, STORAGE_UNAUTHORIZED. */
  checkBucket(): Promise<void>;
  /** One PUT under `If-None-Match: *`, locked in COMPLIANCE mode until `holdUntil`; undefined when the key exists. */
  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<StoredRef | undefined>;
  /** One PUT under `If-Match`: a new version after the one that has `etag`; undefined when that is no longer the newest. */
  replace(key: string, body: Buffer, holdUntil: Date, etag: string): Promise<StoredRef | undefined>;
  /** The given version, or the newest; undefined when absent. Larger than `maxBytes`: STORAGE_FAILED before it is read. */
  get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined>;
  /**
   * Every version and every delete marker below a key prefix: keys in ascending order, and of one key the newest version
   * first, apart from delete markers, which may come at any position of their key. Read page by page, so a caller that
   * stops early pays only for what it read.
   */
  listVersions(prefix: string): AsyncIterable<ListedVersion>;
  /** The lock of one version; undefined when it has none. STORAGE_NOT_FOUND when there is no such version. */
  readLock(key: string, versionId: string): Promise<ObjectLock | undefined>;
  /** Extends a COMPLIANCE lock to at least `until`; a longer one stays as it is. */
  extendLock(key: string, versionId: string, until: Date): Promise<void>;
  /** Legal hold: as long as it is set, the version cannot be deleted, whatever its retention. */
  setLegalHold(key: string, versionId: string, held: boolean): Promise<void>;
  readLegalHold(key: string, versionId: string): Promise<boolean>;
}
