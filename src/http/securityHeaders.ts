import type { FastifyInstance } from 'fastify';

/**
 * Headers of every response. Nothing is stored by caches, because responses show jobs to one caller; nothing is run or
 * framed by a browser, because responses are data.
 */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Two years, as browsers expect of a service that is only reached over TLS (RFC 6797). */
const HSTS = 'max-age=63072000; includeSubDomains';

/** The page that shows the API has scripts of its own, and its own content security policy. */
const PAGE = '/docs';

/** Adds the headers to every response; `tls` says that the service itself terminates TLS. */
export function addSecurityHeaders(app: FastifyInstance, tls: boolean): void {
  const { 'content-security-policy': policy, ...always } = SECURITY_HEADERS;
  app.addHook('onRequest', async ({ url }, reply) => {
    reply.headers(always);
    if (tls) reply.header('strict-transport-security', HSTS);
    if (url !== PAGE && !url.startsWith(`${PAGE}/`)) reply.header('content-security-policy', policy);
  });
}
