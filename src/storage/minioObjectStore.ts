import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Client } from 'minio';
import type { StorageConfig } from '../config';
import { SnapshotError } from '../errors';
import type { ListedVersion, ObjectLock, ObjectStore, StoredVersion } from '../ports/objectStore';
import { storageClient } from './connection';
import { isNotFound, isPreconditionFailed, s3Code, toStorageError } from './errors';

type Headers = Record<string, string>;
type StoredRef = Pick<StoredVersion, 'versionId'>;
type ListedObject = Awaited<ReturnType<Client['listObjectsQuery']>>['objects'][number] & {
  readonly versionId?: string;
  readonly isLatest?: boolean | string;
  readonly isDeleteMarker?: boolean;
};
/** Where the next page of a listing starts. */
type VersionMarker = Readonly<Record<'keyMarker' | 'versionIdMarker', string>>;

/** The most that S3 returns in one answer. */
const VERSIONS_PER_PAGE = 1_000;

/** An Object Lock bucket as object store. Nothing is sent before the first call, and no call is retried here. */
export function connectObjectStore(config: StorageConfig): ObjectStore {
  return new MinioObjectStore(config);
}

class MinioObjectStore implements ObjectStore {
  readonly #client: Client;
  readonly #bucket: string;

  constructor(config: StorageConfig) {
    this.#bucket = config.bucket;
    this.#client = storageClient(config);
  }

  async checkBucket(): Promise<void> {
    const where = `[bucket=${this.#bucket}]`;
    let configuration: string;
    try {
      const response = await this.#client.makeRequestAsync({
        method: 'GET',
        bucketName: this.#bucket,
        query: 'object-lock',
      });
      configuration = (await readBody(response, 1 << 16, where)).toString();
    } catch (error) {
      if (s3Code(error) !== 'ObjectLockConfigurationNotFoundError') throw toStorageError(where, error);
      configuration = '';
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
    let response: IncomingMessage;
    try {
      // Not the client's putObject: it sends lock and checksum as metadata, and loses the condition in a multipart upload.
      response = await this.#request('PUT', key, { headers }, body);
    } catch (error) {
      // Servers answer `If-Match` on a missing key with NoSuchKey.
      if (isPreconditionFailed(error) || ('if-match' in condition && isNotFound(error))) return undefined;
      throw toStorageError(this.#where(key), error);
    }
    response.resume();
    const versionId = versionOf(response);
    if (versionId !== undefined) return { versionId };
    throw new SnapshotError(
      'BUCKET_WITHOUT_LOCK',
      `storage returned no version id, so it locks nothing ${this.#where(key)}`,
    );
  }

  async get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined> {
    const where = this.#where(key, versionId);
    try {
      const response = await this.#request('GET', key, queryOf(versionId));
      const found = versionOf(response) ?? versionId;
      if (found === undefined)
        throw new SnapshotError('BUCKET_WITHOUT_LOCK', `storage returned no version id ${where}`);
      const etag = response.headers.etag ?? '';
      return { versionId: found, etag, body: await readBody(response, maxBytes, where) };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw toStorageError(where, error);
    }
  }

  async *listVersions(prefix: string): AsyncGenerator<ListedVersion, void, undefined> {
    const where = `[bucket=${this.#bucket}, prefix=${prefix}]`;
    let marker = { keyMarker: '', versionIdMarker: '' };
    for (;;) {
      const page = await this.#versionsPage(prefix, marker).catch((error: unknown) => {
        throw toStorageError(where, error);
      });
      for (const version of page.objects) yield listedVersion(version, where);
      if (page.isTruncated !== true) return;
      const { keyMarker = '', versionIdMarker = '' } = page;
      if (keyMarker === marker.keyMarker && versionIdMarker === marker.versionIdMarker)
        throw new SnapshotError('STORAGE_FAILED', `storage lists the same page of versions again ${where}`);
      marker = { keyMarker, versionIdMarker };
    }
  }

  #versionsPage(prefix: string, { keyMarker, versionIdMarker }: VersionMarker) {
    return this.#client.listObjectsQuery(this.#bucket, prefix, undefined, {
      Delimiter: '',
      MaxKeys: VERSIONS_PER_PAGE,
      IncludeVersion: true,
      // The client puts both into the query as they are; the server returns the key in URL encoding.
      keyMarker: encodeURIComponent(decodeURIComponent(keyMarker)),
      versionIdMarker: encodeURIComponent(versionIdMarker),
    });
  }

  async readLock(key: string, versionId: string): Promise<ObjectLock | undefined> {
    try {
      const { headers } = await this.#request('HEAD', key, queryOf(versionId));
      const mode = headers['x-amz-object-lock-mode'];
      const until = headers['x-amz-object-lock-retain-until-date'];
      if ((mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') || typeof until !== 'string') return undefined;
      return { mode, until: new Date(until) };
    } catch (error) {
      throw toStorageError(this.#where(key, versionId), error);
    }
  }

  async extendLock(key: string, versionId: string, until: Date): Promise<void> {
    const where = this.#where(key, versionId);
    const lock = await this.readLock(key, versionId);
    // Storage keeps whole seconds at best, so the requested time is compared in seconds.
    if (lock?.mode === 'COMPLIANCE' && lock.until.getTime() >= Math.floor(until.getTime() / 1000) * 1000)
      return;
    const retention =
      '<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>COMPLIANCE</Mode>' +
      `<RetainUntilDate>${until.toISOString()}</RetainUntilDate></Retention>`;
    try {
      await this.#putXml(key, versionId, 'retention', retention);
    } catch (error) {
      const translated = toStorageError(where, error);
      if (translated.retryable) throw translated;
      throw new SnapshotError('LOCK_REFUSED', `storage refuses to extend the lock: ${translated.message}`);
    }
  }

  async setLegalHold(key: string, versionId: string, held: boolean): Promise<void> {
    const hold =
      '<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      `<Status>${held ? 'ON' : 'OFF'}</Status></LegalHold>`;
    try {
      await this.#putXml(key, versionId, 'legal-hold', hold);
    } catch (error) {
      throw toStorageError(this.#where(key, versionId), error);
    }
  }

  async readLegalHold(key: string, versionId: string): Promise<boolean> {
    try {
      const { headers } = await this.#request('HEAD', key, queryOf(versionId));
      return headers['x-amz-object-lock-legal-hold'] === 'ON';
    } catch (error) {
      throw toStorageError(this.#where(key, versionId), error);
    }
  }

  async #putXml(
    key: string,
    versionId: string,
    subresource: 'retention' | 'legal-hold',
    xml: string,
  ): Promise<void> {
    const body = Buffer.from(xml);
    const headers = {
      'content-md5': createHash('md5').update(body).digest('base64'),
      'content-type': 'application/xml',
    };
    const query = `${subresource}&versionId=${encodeURIComponent(versionId)}`;
    const response = await this.#request('PUT', key, { headers, query }, body);
    response.resume();
  }

  #request(
    method: 'GET' | 'HEAD' | 'PUT',
    objectName: string,
    extra: { headers?: Headers; query?: string },
    body: Buffer | '' = '',
  ): Promise<IncomingMessage> {
    const options = { method, bucketName: this.#bucket, objectName, headers: {}, ...extra };
    return this.#client.makeRequestAsync(options, body, [200]);
  }

  #where(key: string, versionId?: string): string {
    return `[bucket=${this.#bucket}, key=${key}${versionId === undefined ? '' : `, version=${versionId}`}]`;
  }
}

/** The client names the members; a version without id means that the bucket keeps no versions. BUCKET_WITHOUT_LOCK. */
function listedVersion(object: ListedObject, where: string): ListedVersion {
  const { name = '', versionId, isLatest, isDeleteMarker, size, lastModified } = object;
  if (versionId === undefined || versionId === '' || versionId === 'null')
    throw new SnapshotError(
      'BUCKET_WITHOUT_LOCK',
      `storage lists a version without id [key=${name}] ${where}`,
    );
  return {
    key: name,
    versionId,
    isLatest: String(isLatest) === 'true',
    isDeleteMarker: isDeleteMarker === true,
    sizeBytes: size ?? 0,
    lastModified: lastModified ?? new Date(Number.NaN),
  };
}

function queryOf(versionId: string | undefined): { query?: string } {
  return versionId === undefined ? {} : { query: `versionId=${encodeURIComponent(versionId)}` };
}

/** The version id; S3 writes `null` for an object in a bucket without versions. */
function versionOf(response: IncomingMessage): string | undefined {
  const versionId = response.headers['x-amz-version-id'];
  return typeof versionId === 'string' && versionId !== '' && versionId !== 'null' ? versionId : undefined;
}

/** Reads a body whose declared and actual size are within `maxBytes`; a body that is cut off is an error. */
async function readBody(response: IncomingMessage, maxBytes: number, where: string): Promise<Buffer> {
  const declaredBytes = Number(response.headers['content-length'] ?? Number.NaN);
  if (declaredBytes > maxBytes) {
    response.destroy();
    throw new SnapshotError(
      'STORAGE_FAILED',
      `object of ${declaredBytes} bytes is larger than ${maxBytes} ${where}`,
    );
  }
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes)
      throw new SnapshotError('STORAGE_FAILED', `object is larger than ${maxBytes} bytes ${where}`);
    parts.push(part);
  }
  return Buffer.concat(parts, sizeBytes);
}
