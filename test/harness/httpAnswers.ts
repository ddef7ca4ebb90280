import type { ServerResponse } from 'node:http';
import { answerJson, type ReceivedRequest } from './scriptedServer';

/**
 * What real servers, and proxies before them, send instead of the expected response.
 * - `silent`: nothing, over a connection that stays open; `stalled`: the beginning of a response, and nothing after it
 * - `overloaded`: 429; `outdated`: 412 of Vault, 409 of storage; `standby`: 473 of Vault, 503 of storage; `full`: 507 of
 *   storage, 500 of Vault; `denied`: 403
 * - `htmlError`: an HTML page with status 502; `cutError`: an error whose body ends early; `emptyError`: 500 without a body
 */
export const ANSWER_KINDS = [
  'silent',
  'stalled',
  'overloaded',
  'outdated',
  'standby',
  'full',
  'denied',
  'htmlError',
  'cutError',
  'emptyError',
] as const;

/** Answers that only servers with HTTP have. */
export const HTTP_KINDS: readonly string[] = ['htmlError', 'cutError', 'emptyError'];

export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** `other`: a timestamp authority, or the job service. */
export type AnsweringRole = 'storage' | 'vault' | 'other';

type Answer = (response: ServerResponse) => void;

const HTML = '<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>';

/** Answers one request in this way. */
export function answerAs(kind: AnswerKind, server: AnsweringRole, response: ServerResponse): void {
  BY_KIND[kind](server)(response);
}

const BY_KIND: Readonly<Record<AnswerKind, (server: AnsweringRole) => Answer>> = {
  silent: () => () => undefined,
  // Not even the headers are complete, so that a HEAD stalls as well.
  stalled: () => (response) => void response.socket?.write('HTTP/1.1 200 OK\r\ncontent-type: application/o'),
  overloaded: (server) => refuse(server, 429, 'TooManyRequests'),
  outdated: (server) => refuse(server, server === 'vault' ? 412 : 409, 'ConditionalRequestConflict'),
  standby: (server) => refuse(server, server === 'vault' ? 473 : 503, 'ServiceUnavailable'),
  full: (server) => refuse(server, server === 'vault' ? 500 : 507, 'InsufficientStorage'),
  denied: (server) => refuse(server, 403, 'AccessDenied'),
  htmlError: () => (response) => void response.writeHead(502, { 'content-type': 'text/html' }).end(HTML),
  cutError: () => (response) => {
    response.writeHead(503, { 'content-length': '400' });
    response.write('<?xml version="1.0"?><Error><Co', () => response.socket?.destroy());
  },
  emptyError: () => (response) => void response.writeHead(500).end(),
};

function refuse(server: AnsweringRole, status: number, code: string): Answer {
  if (server !== 'storage') return (response) => answerJson(response, status, { errors: [code] });
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return (response) => void response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
}

/** What a server answers that works; enough for the requests that come before the one with the fault. */
export function answerWell({ method, path }: ReceivedRequest, response: ServerResponse): void {
  if (path.includes('/auth/token/lookup-self'))
    answerJson(response, 200, { data: { ttl: 0, renewable: false } });
  else if (method === 'HEAD')
    response
      .writeHead(200, {
        'x-amz-version-id': 'v1',
        'x-amz-object-lock-mode': 'COMPLIANCE',
        'x-amz-object-lock-retain-until-date': '2026-01-01T00:00:00.000Z',
      })
      .end();
  else response.writeHead(200).end();
}
