import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { StorageConfig } from '../config';
import { SnapshotError } from '../errors';
import type { ListedVersion, ObjectLock, ObjectStore, StoredVersion } from '../ports/objectStore';
import { BucketClient, type BucketResponse } from './bucketClient';
import { isAccessDenied, isNotFound, isPreconditionFailed, s3Code, toStorageError } from './errors';
import { parseVersionPage, type VersionMarker, type VersionPage } from './listing';
import { getLegalHold, getRetention, putLegalHold, putRetention } from './lockRequests';
import { RIGHTS } from './rights';

type Headers = Record<string, string>;
type StoredRef = Pick<StoredVersion, 'versionId'>;
/** The most that S3 returns in one answer. */
const VERSIONS_PER_PAGE = 1_000;
/** A page with the longest keys, in URL encoding. */
const MAX_PAGE_BYTES = 8 << 20;

/** An Object Lock bucket as object store. Nothing is sent before the first call, and no call is retried here. */
export function connectObjectStore(config: StorageConfig): ObjectStore {
  return new MinioObjectStore(config);
}

class MinioObjectStore implements ObjectStore {
  readonly #bucket: BucketClient;

  constructor(config: StorageConfig) {
    this.#bucket = new BucketClient(config);
  }

  async checkBucket(): Promise<void> {
    const where = this.#bucket.where();
    let configuration = '';
    try {
      configuration = (
        await this.#bucket.send({ method: 'GET', query: { 'object-lock': '' } })
      ).body.toString();
    } catch (error) {
      if (s3Code(error) !== 'ObjectLockConfigurationNotFoundError')
        throw toStorageError(where, error, RIGHTS.READ_CONFIGURATION);
    }
    if (/<ObjectLockEnabled>\s*Enabled\s*<\/ObjectLockEnabled>/.test(configuration)) return;
    const message = `the bucket has no Object Lock, so nothing in it is write-once; create a bucket with Object Lock ${where}`;
    throw new SnapshotError('BUCKET_WITHOUT_LOCK', message);
  }

  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<StoredRef | undefined> {
    return this.#put(key, body, holdUntil, { 'if-none-match': '*' });
  }

  replace(key: string, body: Buffer, holdUntil: Date, etag: string): Promise<StoredRef | undefined> {
    return this.#put(key, body, holdUntil, { 'if-match': etag });
  }

  async #put(key: string, body: Buffer, holdUntil: Date, condition: Headers): Promise<StoredRef | undefined> {
    const headers: Headers = {
      ...condition,
      'content-type': 'application/octet-stream',
      // The server compares it with the received bytes; Object Lock requires it.
      'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': holdUntil.toISOString(),
    };
    let response: BucketResponse;
    try {
      // Not the client's putObject: it sends lock and checksum as metadata, and loses the condition in a multipart upload.
      response = await this.#bucket.send({ method: 'PUT', key, headers, body });
    } catch (error) {
      // Servers answer `If-Match` on a missing key with NoSuchKey.
      if (isPreconditionFailed(error) || ('if-match' in condition && isNotFound(error))) return undefined;
      throw toStorageError(this.#bucket.where(key), error, RIGHTS.WRITE);
    }
    const versionId = versionOf(response.headers);
    if (versionId !== undefined) return { versionId };
    throw withoutVersion(this.#bucket.where(key));
  }

  async get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined> {
    const where = this.#bucket.where(key, versionId);
    let response: BucketResponse;
    try {
      response = await this.#bucket.send({ method: 'GET', key, ...queryOf(versionId), maxBytes });
    } catch (error) {
      // Servers refuse an id that none of their versions can have, which evidence may name.
      const isNoVersion = versionId !== undefined && s3Code(error) === 'InvalidArgument';
      if (isNotFound(error) || isNoVersion) return undefined;
      throw toStorageError(where, error, versionId === undefined ? RIGHTS.READ : RIGHTS.READ_VERSION);
    }
    const { headers, body, isWhole } = response;
    const found = versionOf(headers) ?? versionId;
    if (found === undefined) throw withoutVersion(where);
    if (versionId !== undefined && found !== versionId) throw otherVersion(found, where);
    if (!isWhole)
      throw new SnapshotError('STORAGE_FAILED', `object is larger than ${maxBytes} bytes ${where}`);
    return { versionId: found, etag: headers.etag ?? '', body };
  }

  async *listVersions(prefix: string): AsyncGenerator<ListedVersion, void, undefined> {
    const where = `[bucket=${this.#bucket.bucket}, prefix=${prefix}]`;
    let marker: VersionMarker | undefined;
    do {
      const { versions, next } = await this.#versionPage(prefix, marker, where);
      const foreign = versions.find(({ key }) => !key.startsWith(prefix));
      if (foreign) {
        const message = `storage ignores the prefix of a list and returns other keys ${where}`;
        throw new SnapshotError('STORAGE_FAILED', message);
      }
      yield* versions;
      if (next !== undefined && next.key === marker?.key && next.versionId === marker.versionId)
        throw new SnapshotError('STORAGE_FAILED', `storage lists the same page of versions again ${where}`);
      marker = next;
    } while (marker !== undefined);
  }

  async #versionPage(prefix: string, marker: VersionMarker | undefined, where: string): Promise<VersionPage> {
    const query = {
      versions: '',
      'encoding-type': 'url',
      'max-keys': String(VERSIONS_PER_PAGE),
      ...(prefix === '' ? {} : { prefix }),
      ...(marker && { 'key-marker': marker.key }),
      ...(marker && marker.versionId !== '' && { 'version-id-marker': marker.versionId }),
    };
    try {
      const page = await this.#bucket.send({ method: 'GET', query, maxBytes: MAX_PAGE_BYTES });
      return parseVersionPage(page.body.toString('utf8'), where);
    } catch (error) {
      throw toStorageError(where, error, RIGHTS.LIST_VERSIONS);
    }
  }

  async readLock(key: string, versionId: string): Promise<ObjectLock | undefined> {
    const headers = await this.#head(key, versionId);
    const mode = headers['x-amz-object-lock-mode'];
    const until = headers['x-amz-object-lock-retain-until-date'];
    if ((mode === 'COMPLIANCE' || mode === 'GOVERNANCE') && typeof until === 'string')
      return { mode, until: new Date(until) };
    // AWS leaves the headers out without the right to see the lock, which must not pass for a missing lock.
    return await getRetention(this.#bucket, key, versionId).catch((error: unknown) => {
      throw toStorageError(this.#bucket.where(key, versionId), error, RIGHTS.READ_LOCK);
    });
  }

  async extendLock(key: string, versionId: string, until: Date): Promise<void> {
    const where = this.#bucket.where(key, versionId);
    const lock = await this.readLock(key, versionId);
    // Storage keeps whole seconds at best, so the requested time is compared in seconds.
    if (lock?.mode === 'COMPLIANCE' && lock.until.getTime() >= Math.floor(until.getTime() / 1000) * 1000)
      return;
    try {
      await putRetention(this.#bucket, key, versionId, 'COMPLIANCE', until);
    } catch (error) {
      const translated = toStorageError(where, error, RIGHTS.EXTEND);
      // No lock forbids a longer COMPLIANCE lock, so where the present lock is known, the rights are missing.
      if (translated.retryable || (isAccessDenied(error) && lock !== undefined)) throw translated;
      throw new SnapshotError('LOCK_REFUSED', `storage refuses to extend the lock: ${translated.message}`);
    }
  }

  async setLegalHold(key: string, versionId: string, held: boolean): Promise<void> {
    try {
      await putLegalHold(this.#bucket, key, versionId, held);
    } catch (error) {
      throw toStorageError(this.#bucket.where(key, versionId), error, RIGHTS.HOLD);
    }
  }

  async readLegalHold(key: string, versionId: string): Promise<boolean> {
    const held = (await this.#head(key, versionId))['x-amz-object-lock-legal-hold'];
    if (held === 'ON' || held === 'OFF') return held === 'ON';
    return await getLegalHold(this.#bucket, key, versionId).catch((error: unknown) => {
      throw toStorageError(this.#bucket.where(key, versionId), error, RIGHTS.READ_HOLD);
    });
  }

  async #head(key: string, versionId: string): Promise<IncomingHttpHeaders> {
    const where = this.#bucket.where(key, versionId);
    try {
      const { headers } = await this.#bucket.send({ method: 'HEAD', key, ...queryOf(versionId) });
      const found = versionOf(headers) ?? versionId;
      if (found !== versionId) throw otherVersion(found, where);
      return headers;
    } catch (error) {
      if (isNotFound(error) || s3Code(error) === 'InvalidArgument')
        throw new SnapshotError('STORAGE_NOT_FOUND', `storage does not have this version ${where}`);
      throw toStorageError(where, error, RIGHTS.READ_VERSION);
    }
  }
}

function queryOf(versionId: string | undefined): { query?: { versionId: string } } {
  return versionId === undefined ? {} : { query: { versionId } };
}

/** The version id; S3 writes `null` for an object in a bucket without versions. */
function versionOf(headers: IncomingHttpHeaders): string | undefined {
  const versionId = headers['x-amz-version-id'];
  return typeof versionId === 'string' && versionId !== '' && versionId !== 'null' ? versionId : undefined;
}

function otherVersion(found: string, where: string): SnapshotError {
  const message = `storage ignores the version of the request and answers with version ${found} ${where}`;
  return new SnapshotError('STORAGE_FAILED', message);
}

function withoutVersion(where: string): SnapshotError {
  return new SnapshotError(
    'BUCKET_WITHOUT_LOCK',
    `the response has no version id: the bucket keeps no versions, so it locks nothing, or S3_ENDPOINT is not an S3 server ${where}`,
  );
}
