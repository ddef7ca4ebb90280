import {
  request as requestHttp,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { collectBody } from './collectBody';
import { enforceDeadlines, type Deadlines } from './deadlines';

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** PEM certificates to trust instead of those of Node.js. */
  readonly ca?: string | undefined;
  readonly deadlines: Deadlines;
  readonly maxBytes: number;
  /** A connection of its own, which ends with the request. Default: one that other requests to the server may reuse. */
  readonly ownConnection?: boolean;
}

/** Certificates are checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export const CHECKED = { rejectUnauthorized: true } as const;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * One HTTP request whose time and response size are bounded. Redirects are not followed: their status is returned like any
 * other. Proxies that the environment names are not used. Throws what Node.js reports, or an error that names the deadline or the size.
 */
export async function exchange(url: URL, question: Question): Promise<Answer> {
  const response = await send(url, question);
  const parts: Buffer[] = [];
  if (!(await collectBody(response, question.maxBytes, parts)))
    throw Object.assign(new Error(`the response has more than ${question.maxBytes} bytes`), {
      code: 'EMSGSIZE',
    });
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
}

function send(url: URL, question: Question): Promise<IncomingMessage> {
  const { method, headers, body, ca, deadlines, ownConnection = false } = question;
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = {
      ...CHECKED,
      ...(ca === undefined ? {} : { ca }),
      ...(ownConnection ? { agent: false as const } : {}),
    };
    const request = start(url, { method, ...options }, resolve);
    setHeaders(request, { ...headers, ...length });
    request.on('error', reject);
    enforceDeadlines(request, deadlines);
    request.end(body);
  });
}

/** Sets headers one by one: those in the options of a request are printed when NODE_DEBUG has `http`, and some are secret. */
export function setHeaders(request: ClientRequest, headers: OutgoingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) request.setHeader(name, value);
}
