import type { IncomingHttpHeaders } from 'node:http';
import type { Client } from 'minio';
import type { StorageConfig } from '../config';
import { collectBody } from '../net/collectBody';
import { SnapshotError } from '../errors';
import { storageClient } from './connection';
import { temporaryCredentials } from './credentials/credentialChain';
import type { RenewedCredentials } from './credentials/renewedCredentials';
import { isExpired, s3Code } from './errors';

export interface BucketRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Without a key, the request is about the bucket. */
  readonly key?: string;
  /** Names and values; an empty value is a name alone. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** At most so many bytes of the response are read. Default: 64 KiB. */
  readonly maxBytes?: number;
}

export interface BucketResponse {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False when the body is longer than `maxBytes`. */
  readonly isWhole: boolean;
}

const MAX_RESPONSE_BYTES = 65_536;

/** The one way to send requests to a bucket: each is signed, has deadlines, and its response is read to the end. */
export class BucketClient {
  readonly bucket: string;
  readonly #client: Client;
  readonly #temporary: RenewedCredentials | undefined;

  constructor(config: StorageConfig) {
    this.bucket = config.bucket;
    this.#temporary = temporaryCredentials(config);
    this.#client = storageClient(config, this.#temporary);
  }

  /** Throws a Refusal for a response with an error status; anything else means that there was no complete response. */
  async send({
    method,
    key,
    query,
    headers,
    body,
    maxBytes = MAX_RESPONSE_BYTES,
  }: BucketRequest): Promise<BucketResponse> {
    const options = {
      method,
      bucketName: this.bucket,
      headers: { ...headers },
      ...(key === undefined ? {} : { objectName: key }),
      ...(query === undefined ? {} : { query: encodeQuery(query) }),
    };
    const response = await this.#client
      .makeRequestAsync(options, body ?? '', [200, 204])
      .catch((error: unknown) => {
        throw this.#renewable(error);
      });
    const declaredBytes = Number(response.headers['content-length'] ?? 0);
    if (method !== 'HEAD' && declaredBytes > maxBytes) {
      response.destroy();
      return { headers: response.headers, body: Buffer.alloc(0), isWhole: false };
    }
    const parts: Buffer[] = [];
    const isWhole = await collectBody(response, maxBytes, parts);
    return { headers: response.headers, body: Buffer.concat(parts), isWhole };
  }

  /** Temporary credentials may be revoked or expire early; the next request then gets new ones. */
  #renewable(error: unknown): unknown {
    if (!this.#temporary || !isExpired(error)) return error;
    this.#temporary.discard();
    const message = `storage rejects the temporary credentials: ${s3Code(error)}; new ones are fetched ${this.where()}`;
    return new SnapshotError('STORAGE_UNAUTHORIZED', message, { retryable: true });
  }

  /** Bucket, key and version for messages. */
  where(key?: string, versionId?: string): string {
    const parts = [`bucket=${this.bucket}`];
    if (key !== undefined) parts.push(`key=${key}`);
    if (versionId !== undefined) parts.push(`version=${versionId}`);
    return `[${parts.join(', ')}]`;
  }
}

function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => (value === '' ? name : `${name}=${encodeValue(value)}`))
    .join('&');
}

/** As AWS encodes a query before it signs it: more than encodeURIComponent does. */
function encodeValue(value: string): string {
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, percentEncoded);
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
