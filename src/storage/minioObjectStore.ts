import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Client } from 'minio';
import type { StorageConfig } from '../config';
import { SnapshotError } from '../errors';
import type { ObjectLock, ObjectStore, StoredVersion } from '../ports/objectStore';
import { isAbsent, isTaken, s3Code, toStorageError } from './errors';
import { storageClient } from './connection';

type Headers = Record<string, string>;

/** An Object Lock bucket through the minio client. Nothing is sent before the first call; no call retries. */
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
    let answer: string;
    try {
      const response = await this.#client.makeRequestAsync({
        method: 'GET',
        bucketName: this.#bucket,
        query: 'object-lock',
      });
      answer = (await readBody(response, 1 << 16, where)).toString();
    } catch (error) {
      if (s3Code(error) !== 'ObjectLockConfigurationNotFoundError') throw toStorageError(where, error);
      answer = '';
    }
    if (/<ObjectLockEnabled>\s*Enabled\s*<\/ObjectLockEnabled>/.test(answer)) return;
    const message = `the bucket has no Object Lock, so nothing in it is write-once; create one with Object Lock ${where}`;
    throw new SnapshotError('BUCKET_WITHOUT_LOCK', message);
  }

  putOnce(key: string, body: Buffer, holdUntil: Date): Promise<{ versionId: string } | undefined> {
    return this.#put(key, body, holdUntil, { 'if-none-match': '*' });
  }

  replace(
    key: string,
    body: Buffer,
    holdUntil: Date,
    etag: string,
  ): Promise<{ versionId: string } | undefined> {
    return this.#put(key, body, holdUntil, { 'if-match': etag });
  }

  async #put(
    key: string,
    body: Buffer,
    holdUntil: Date,
    condition: Headers,
  ): Promise<{ versionId: string } | undefined> {
    const headers: Headers = {
      ...condition,
      'content-type': 'application/octet-stream',
      // The server compares it with what arrived, and Object Lock asks for it.
      'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': holdUntil.toISOString(),
    };
    let response: IncomingMessage;
    try {
      // The client's own putObject would take lock and checksum for metadata, and may lose the condition to a multipart.
      response = await this.#request('PUT', key, { headers }, body);
    } catch (error) {
      // Servers answer `If-Match` on a key that is gone with NoSuchKey.
      if (isTaken(error) || ('if-match' in condition && isAbsent(error))) return undefined;
      throw toStorageError(this.#where(key), error);
    }
    response.resume();
    const versionId = versionOf(response);
    if (versionId !== undefined) return { versionId };
    throw new SnapshotError(
      'BUCKET_WITHOUT_LOCK',
      `storage gave no version id, so it locks nothing ${this.#where(key)}`,
    );
  }

  async get(key: string, maxBytes: number, versionId?: string): Promise<StoredVersion | undefined> {
    const where = this.#where(key, versionId);
    try {
      const response = await this.#request('GET', key, queryOf(versionId));
      const found = versionOf(response) ?? versionId;
      if (found === undefined)
        throw new SnapshotError('BUCKET_WITHOUT_LOCK', `storage gave no version id ${where}`);
      const etag = response.headers.etag ?? '';
      return { versionId: found, etag, body: await readBody(response, maxBytes, where) };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw toStorageError(where, error);
    }
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
    // Storage keeps whole seconds at best, so what is asked for is compared in seconds.
    if (lock?.mode === 'COMPLIANCE' && lock.until.getTime() >= Math.floor(until.getTime() / 1000) * 1000)
      return;
    const retention =
      '<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>COMPLIANCE</Mode>' +
      `<RetainUntilDate>${until.toISOString()}</RetainUntilDate></Retention>`;
    const body = Buffer.from(retention);
    const headers = {
      'content-md5': createHash('md5').update(body).digest('base64'),
      'content-type': 'application/xml',
    };
    const query = `retention&versionId=${encodeURIComponent(versionId)}`;
    try {
      const response = await this.#request('PUT', key, { headers, query }, body);
      response.resume();
    } catch (error) {
      const translated = toStorageError(where, error);
      if (translated.retryable) throw translated;
      throw new SnapshotError('LOCK_REFUSED', `storage refuses to extend the lock: ${translated.message}`);
    }
  }

  async setLegalHold(key: string, versionId: string, held: boolean): Promise<void> {
    const body = Buffer.from(
      `<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${held ? 'ON' : 'OFF'}</Status></LegalHold>`,
    );
    const headers = {
      'content-md5': createHash('md5').update(body).digest('base64'),
      'content-type': 'application/xml',
    };
    const query = `legal-hold&versionId=${encodeURIComponent(versionId)}`;
    try {
      const response = await this.#request('PUT', key, { headers, query }, body);
      response.resume();
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

function queryOf(versionId: string | undefined): { query?: string } {
  return versionId === undefined ? {} : { query: `versionId=${encodeURIComponent(versionId)}` };
}

/** `null` is what S3 calls the version of an object that has none. */
function versionOf(response: IncomingMessage): string | undefined {
  const versionId = response.headers['x-amz-version-id'];
  return typeof versionId === 'string' && versionId !== '' && versionId !== 'null' ? versionId : undefined;
}

/** Reads a body whose announced and whose real size are within `maxBytes`; cut off in the middle it is an error. */
async function readBody(response: IncomingMessage, maxBytes: number, where: string): Promise<Buffer> {
  const announced = Number(response.headers['content-length'] ?? Number.NaN);
  if (announced > maxBytes) {
    response.destroy();
    throw new SnapshotError(
      'STORAGE_FAILED',
      `object of ${announced} bytes is larger than ${maxBytes} ${where}`,
    );
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes)
      throw new SnapshotError('STORAGE_FAILED', `object is larger than ${maxBytes} bytes ${where}`);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
