import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { SnapshotError, messageOf, type ErrorCode } from '../errors';
import { SECURITY_HEADERS } from './securityHeaders';
import { PROBLEM_TYPE, problemOf } from './problem';
import { unknownRoute, type RouteTable, type UnknownRoute } from './unknownRoutes';

const RETRY_AFTER_SECONDS = '5';
/** Of identity, rights and limits: an attack shows as many of them. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429]);
const RETRY_SOON_SECONDS = '1';

/** Answers anything thrown with its problem details. Bodies and headers of requests never reach the log. */
export function answerProblem(countError: (code: string) => void = () => undefined) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    countError(problemOf(error).code);
    return answer(error, request, reply);
  };
}

function answer(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const problem = { ...problemOf(error), instance: `urn:uuid:${request.id}` };
  const { status, code } = problem;
  if (status === 500) request.log.error({ err: error, code }, 'request failed');
  else if (REFUSALS.has(status))
    request.log.warn({ code, reason: messageOf(error), ip: request.ip }, 'refused');
  else if (status > 500) request.log.warn({ code, reason: messageOf(error) }, 'request rejected for now');
  if (!reply.hasHeader('retry-after')) {
    if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    if (status === 429 || code === 'IDEMPOTENCY_IN_FLIGHT') reply.header('retry-after', RETRY_SOON_SECONDS);
  }
  // The handler may have begun another response before it failed.
  reply.removeHeader('content-length');
  return reply.code(status).type(PROBLEM_TYPE).send(problem);
}

/** Answers what Fastify rejects before any route: a URL that cannot be decoded, a parameter that is too long. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  { raw }: FastifyReply,
): void {
  const problem = { ...problemOf(error), instance: `urn:uuid:${request.id}` };
  raw.writeHead(problem.status, { ...SECURITY_HEADERS, 'content-type': PROBLEM_TYPE });
  raw.end(JSON.stringify(problem));
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the headers are larger than 16 KiB'],
};

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: unknown };

/**
 * Answers what Node rejects before Fastify: no HTTP, too slow, too large. The response is written to the socket, because
 * no reply object exists yet.
 */
export function answerClientError(routes: RouteTable): (error: ClientError, socket: Socket) => void {
  return (clientError, socket) => {
    if (clientError.code === 'ECONNRESET' || socket.destroyed) return;
    const { error, allow } = fromClientError(clientError, routes);
    const problem = problemOf(error);
    const body = JSON.stringify(problem);
    if (socket.writable) {
      const head = [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        ...(allow === undefined ? [] : [`allow: ${allow}`]),
        ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
        `content-type: ${PROBLEM_TYPE}`,
        `content-length: ${Buffer.byteLength(body)}`,
        'connection: close',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    }
    socket.destroySoon();
  };
}

function fromClientError({ code = '', rawPacket }: ClientError, routes: RouteTable): UnknownRoute {
  const packet = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  // A method that Node's parser does not know is still one that the route does not support.
  const line = /^([A-Z]{1,32}) (\/[!-~]{0,2000}) HTTP\/1\.[01]\r\n/.exec(packet);
  if (code === 'HPE_INVALID_METHOD' && line) return unknownRoute(routes, line[1]!, line[2]!);
  const [known, message] = CLIENT_ERRORS[code] ?? ['USAGE_INVALID', 'this is not HTTP/1.1'];
  return { error: new SnapshotError(known, message) };
}
