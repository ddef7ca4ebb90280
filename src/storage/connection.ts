import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'minio';
import type { StorageConfig } from '../config';

/** Without a byte for this long a request counts as lost. */
const SILENCE_MS = 30_000;
const CONNECTIONS = 16;

/** The vendor's client as everything here uses it: path style, kept connections, no retries of its own. */
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
