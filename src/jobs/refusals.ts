import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SnapshotError, type ErrorCode } from '../errors';
import { PROBLEM_TYPE, problemOf } from './problem';

const RETRY_AFTER_SECONDS = '5';

/** Answers anything thrown with its problem. Bodies and headers of requests never reach the log. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const problem = { ...problemOf(error), instance: `urn:uuid:${request.id}` };
  const { status, code } = problem;
  if (status === 500) request.log.error({ err: error, code }, 'request failed');
  else if (status > 500) request.log.warn({ err: error, code }, 'request refused for now');
  if (!reply.hasHeader('retry-after')) {
    if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    if (status === 429 || code === 'IDEMPOTENCY_IN_FLIGHT') reply.header('retry-after', '1');
  }
  // What went wrong may have begun another answer.
  reply.removeHeader('content-length');
  return reply.code(status).type(PROBLEM_TYPE).send(problem);
}

/** What Fastify refuses in front of any route: an address that cannot be decoded, an endless id. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { raw } = reply as { raw: ServerResponse };
  const problem = { ...problemOf(error), instance: `urn:uuid:${request.id}` };
  raw.writeHead(problem.status, { 'content-type': PROBLEM_TYPE });
  raw.end(JSON.stringify(problem));
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the headers are larger than 16 KiB'],
};

/** What Node refuses in front of Fastify: no HTTP, too slow, too much. Written by hand: there is no reply object here. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const known = CLIENT_ERRORS[error.code ?? ''] ?? ['USAGE_INVALID', 'this is not HTTP/1.1'];
  const problem = problemOf(new SnapshotError(...(known as [ErrorCode, string])));
  const body = JSON.stringify(problem);
  if (socket.writable) {
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}

/** Refuses what no route answers: METHOD_NOT_ALLOWED with `Allow` where another method is, otherwise ROUTE_NOT_FOUND. */
export function refuseUnknown(app: FastifyInstance): void {
  const routes: { readonly path: RegExp; readonly method: string | readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    if (!url.includes('*'))
      routes.push({ path: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`), method });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    const allowed = new Set(routes.filter((route) => route.path.test(path)).flatMap(({ method }) => method));
    const shown = path.slice(0, 200);
    if (allowed.size === 0)
      throw new SnapshotError('ROUTE_NOT_FOUND', `there is no ${request.method} ${shown}`);
    const allow = [...allowed].toSorted().join(', ');
    reply.header('allow', allow);
    throw new SnapshotError('METHOD_NOT_ALLOWED', `${shown} takes ${allow}, not ${request.method}`);
  });
}
