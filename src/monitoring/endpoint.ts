import fastify, { type FastifyInstance } from 'fastify';
import type { EndpointAddress } from '../config';
import { SnapshotError, messageOf } from '../errors';

/** One page of the endpoint: status, media type and text. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export interface EndpointLog {
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
}

/** An endpoint that listens, or that could not; `await using` closes it. */
export interface Endpoint extends AsyncDisposable {
  /** Undefined when the default port was taken. */
  readonly url: string | undefined;
}

const TOO_LONG_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** A page of a JSON value. */
export function jsonPage(status: number, value: object): Page {
  return { status, type: 'application/json; charset=utf-8', text: JSON.stringify(value) };
}

/**
 * Serves pages by their path over plain HTTP, to anyone who can reach the address. LISTEN_FAILED when a configured port
 * cannot be used.
 */
export async function serveEndpoint(
  address: EndpointAddress,
  pages: Readonly<Record<string, () => Promise<Page>>>,
  log: EndpointLog,
): Promise<Endpoint> {
  const app = createEndpoint(pages);
  const { host, port, setting } = address;
  try {
    const url = await app.listen({ host, port });
    log.info({ url }, 'serving metrics');
    return { url, [Symbol.asyncDispose]: () => app.close() };
  } catch (cause) {
    await app.close();
    const { code } = cause as NodeJS.ErrnoException;
    const reason = `cannot listen on ${host}, port ${port}: ${code ?? messageOf(cause)}`;
    if (address.configured || code !== 'EADDRINUSE')
      throw new SnapshotError('LISTEN_FAILED', `the metrics ${reason}; set ${setting}`, { cause });
    log.warn({ setting }, `running without metrics: ${reason}`);
    return { url: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}

/** The endpoint as an application that does not listen yet. */
export function createEndpoint(pages: Readonly<Record<string, () => Promise<Page>>>): FastifyInstance {
  const app = fastify({
    requestTimeout: TOO_LONG_MS,
    connectionTimeout: 2 * TOO_LONG_MS,
    http: { headersTimeout: TOO_LONG_MS },
    forceCloseConnections: true,
    exposeHeadRoutes: true,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler(async (_error, _request, reply) => reply.code(500).type('text/plain').send('failed\n'));
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).type('text/plain').send('not found\n'));
  for (const [path, page] of Object.entries(pages))
    app.get(path, async (_request, reply) => {
      const { status, type, text } = await page();
      const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
      return reply.code(status).headers(headers).type(type).send(text);
    });
  return app;
}
