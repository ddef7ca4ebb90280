import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'minio';
import type { StorageConfig } from '../config';

// This room is S3 storage with Object Lock, through the minio client: the client itself, error translation, the object store
// that every write-once object goes through, and a probe that proves that a bucket locks.

/** A request without a byte for this long counts as lost. */
const SILENCE_MS = 30_000;
const CONNECTIONS = 16;

/** The minio client with the options of this room: path style, kept connections, no retries (Temporal owns retries). */
export function storageClient({ endpoint, accessKey, secretKey, region }: StorageConfig): Client {
  const { protocol, hostname, port } = new URL(endpoint);
  const useSSL = protocol === 'https:';
  const agent = { keepAlive: true, maxSockets: CONNECTIONS, timeout: SILENCE_MS };
  return new Client({
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    accessKey,
    secretKey,
    region,
    pathStyle: true,
    transportAgent: useSSL ? new HttpsAgent(agent) : new HttpAgent(agent),
    retryOptions: { disableRetry: true },
  });
}
