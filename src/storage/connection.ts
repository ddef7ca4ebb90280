import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIPv6 } from 'node:net';
import { Client, type ClientOptions } from 'minio';
import type { StorageConfig } from '../config';
import type { RenewedCredentials } from './credentials/renewedCredentials';
import { boundedTransport } from './transport';

const CONNECTIONS = 16;

/**
 * The minio client with kept connections and deadlines. It signs requests and does not repeat them: Temporal repeats
 * activities. It sends no MD5, so it works where OpenSSL allows only FIPS algorithms.
 */
export function storageClient(config: StorageConfig, temporary: RenewedCredentials | undefined): Client {
  const { protocol, hostname, port } = new URL(config.endpoint);
  const useSSL = protocol === 'https:';
  const agent = { keepAlive: true, maxSockets: CONNECTIONS, timeout: config.deadlines.idleMs };
  return new EndpointClient({
    endPoint: hostname.replaceAll(/[[\]]/g, ''),
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    region: config.region,
    pathStyle: config.pathStyle,
    ...credentialsOf(config, temporary),
    transport: boundedTransport(config.deadlines),
    transportAgent: useSSL
      ? new HttpsAgent({ ...agent, ...(config.ca === undefined ? {} : { ca: config.ca }) })
      : new HttpAgent(agent),
    retryOptions: { disableRetry: true },
  });
}

function credentialsOf(
  { accessKey = '', secretKey = '', sessionToken }: StorageConfig,
  temporary: RenewedCredentials | undefined,
): Partial<ClientOptions> {
  if (temporary) return { credentialsProvider: temporary };
  return { accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** On the default port, the minio client writes an IPv6 address into the `Host` header without its brackets. */
class EndpointClient extends Client {
  protected override getRequestOptions(options: Parameters<Client['getRequestOptions']>[0]) {
    const request = super.getRequestOptions(options);
    const { host } = request.headers;
    if (host !== undefined && isIPv6(host)) request.headers['host'] = `[${host}]`;
    return request;
  }
}
