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

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: unknown };

/** What Node refuses in front of Fastify: no HTTP, too slow, too much. Written by hand: there is no reply object here. */
export function answerClientError(routes: RouteTable): (error: ClientError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const { refusal, allow } = clientRefusal(error, routes);
    const problem = problemOf(refusal);
    const body = JSON.stringify(problem);
    if (socket.writable) {
      const head = [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        ...(allow === undefined ? [] : [`allow: ${allow}`]),
        `content-type: ${PROBLEM_TYPE}`,
        `content-length: ${Buffer.byteLength(body)}`,
        'connection: close',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    }
    socket.destroySoon();
  };
}

function clientRefusal({ code = '', rawPacket }: ClientError, routes: RouteTable): Refusal {
  const packet = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  // A method that Node's parser has never heard of is still one that this address does not take.
  const line = /^([A-Z]{1,32}) (\/[!-~]{0,2000}) HTTP\/1\.[01]\r\n/.exec(packet);
  if (code === 'HPE_INVALID_METHOD' && line) return unknownRefusal(routes, line[1]!, line[2]!);
  const [known, message] = CLIENT_ERRORS[code] ?? ['USAGE_INVALID', 'this is not HTTP/1.1'];
  return { refusal: new SnapshotError(known, message) };
}

/** Which methods there are at which addresses, as far as an OpenAPI document would tell. */
export class RouteTable {
  readonly #routes: { readonly path: RegExp; readonly method: string | readonly string[] }[] = [];

  add({ url, method }: { readonly url: string; readonly method: string | readonly string[] }): void {
    if (url.includes('*')) return;
    this.#routes.push({ path: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`), method });
  }

  /** As the header `Allow` lists them; undefined: there is nothing at that address. */
  allowedAt(path: string): string | undefined {
    const allowed = new Set(
      this.#routes.filter((route) => route.path.test(path)).flatMap((one) => one.method),
    );
    return allowed.size === 0 ? undefined : [...allowed].toSorted().join(', ');
  }
}

/** Refuses what no route answers. */
export function refuseUnknown(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('onRoute', (route) => routes.add(route));
  // In front of the body, which nobody is going to read.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const { refusal, allow } = unknownRefusal(routes, request.method, request.url);
    if (allow !== undefined) reply.header('allow', allow);
    throw refusal;
  });
}

interface Refusal {
  readonly refusal: SnapshotError;
  readonly allow?: string;
}

/** METHOD_NOT_ALLOWED where there is another method, otherwise ROUTE_NOT_FOUND. */
function unknownRefusal(routes: RouteTable, method: string, url: string): Refusal {
  const path = url.split('?')[0]!;
  const shown = path.slice(0, 200);
  const allow = routes.allowedAt(path);
  if (allow === undefined)
    return { refusal: new SnapshotError('ROUTE_NOT_FOUND', `there is no ${method} ${shown}`) };
  return {
    refusal: new SnapshotError('METHOD_NOT_ALLOWED', `${shown} takes ${allow}, not ${method}`),
    allow,
  };
}
