interface StoredRef {
  readonly versionId: string;
}

/** What storage says of one stored version. */
export interface StoredVersion extends StoredRef {
  /** Names these bytes under this key, for {@link ObjectStore.replace}; as the server spells it. */
  readonly etag: string;
  readonly body: Buffer;
}

export interface ObjectLock {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly until: Date;
}

/** Write-once storage. Errors: STORAGE_* and LOCK_REFUSED; no method retries. */
export interface ObjectStore {
  /** Fails unless the bucket exists with Object Lock: BUCKET_MISSING, BUCKET_WITHOUT_LOCK, STORAGE_UNAUTHORIZED. */
  checkBucket(): Promise<void>;
  /** One PUT under `If-None-Match: *`, locked in COMPLIANCE mode until `holdUntil`; undefined when the key is taken. */
  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<StoredRef | undefined>;
  /** One PUT under `If-Match`: a new version on top of the one that has `etag`; undefined when that is no longer the newest. */
  replace(key: string, body: Buffer, holdUntil: Date, etag: string): Promise<StoredRef | undefined>;
  /** The named version, or the newest; undefined when absent. Larger than `maxBytes`: STORAGE_FAILED before it is read. */
  get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined>;
  /** The lock of one version; undefined when it has none. */
  readLock(key: string, versionId: string): Promise<ObjectLock | undefined>;
  /** Extends a COMPLIANCE lock to at least `until`; one that is longer already stays. */
  extendLock(key: string, versionId: string, until: Date): Promise<void>;
  /** Legal hold: while it stands, the version cannot be deleted, whatever its retention. */
  setLegalHold(key: string, versionId: string, held: boolean): Promise<void>;
  readLegalHold(key: string, versionId: string): Promise<boolean>;
}
