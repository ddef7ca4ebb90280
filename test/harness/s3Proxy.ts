import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to S3, by the action that AWS policies name, and what it is about. */
export interface S3Request {
  readonly action: string;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Proxy extends AsyncDisposable {
  readonly url: string;
  /** Actions in the order of their requests. */
  readonly actions: readonly string[];
}

/**
 * Passes requests to a real S3 server and lets `alter` change its answers, so that a server with other behaviour can be
 * imitated. A request that `refuse` answers, or hangs up on, does not reach the server. The signature covers the host name
 * of the proxy, which is passed on unchanged.
 */
export async function startS3Proxy(
  target: string,
  alter: (request: S3Request, answer: S3Answer) => S3Answer,
  refuse: (request: S3Request) => S3Answer | 'hang up' | undefined = () => undefined,
): Promise<S3Proxy> {
  const actions: string[] = [];
  const server = createServer((incoming, response) => {
    const asked = requestOf(incoming);
    const send = ({ status, headers, body }: S3Answer): void => {
      actions.push(asked.action);
      const length = incoming.method === 'HEAD' ? {} : { 'content-length': String(body.length) };
      response.writeHead(status, { ...headers, ...length }).end(body);
    };
    const refused = refuse(asked);
    if (refused === 'hang up') incoming.socket.destroy();
    else if (refused) incoming.resume().once('end', () => send(refused));
    else void forward(target, incoming).then((answer) => send(alter(asked, answer)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The answer of S3 to a request for which the rights are missing. */
export function accessDenied(action: string): S3Answer {
  const message = `User: tester is not authorized to perform: ${action}`;
  return s3Error(403, 'AccessDenied', message);
}

export function s3Error(status: number, code: string, message = code): S3Answer {
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) };
}

function requestOf({ method = '', url = '', headers }: IncomingMessage): S3Request {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const [, , ...key] = pathname.split('/');
  return { action: actionOf(method, searchParams), key: decodeURIComponent(key.join('/')), headers };
}

function actionOf(method: string, query: URLSearchParams): string {
  const write = method === 'PUT' ? 'Put' : 'Get';
  if (query.has('object-lock')) return 's3:GetBucketObjectLockConfiguration';
  if (query.has('versions')) return 's3:ListBucketVersions';
  if (query.has('retention')) return `s3:${write}ObjectRetention`;
  if (query.has('legal-hold')) return `s3:${write}ObjectLegalHold`;
  if (method === 'DELETE') return query.has('versionId') ? 's3:DeleteObjectVersion' : 's3:DeleteObject';
  if (method === 'PUT') return 's3:PutObject';
  return query.has('versionId') ? 's3:GetObjectVersion' : 's3:GetObject';
}

function forward(target: string, incoming: IncomingMessage): Promise<S3Answer> {
  return new Promise((resolve, reject) => {
    const { method, headers } = incoming;
    const outgoing = request(
      new URL(incoming.url ?? '', target),
      { method: method ?? 'GET', headers },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('error', reject);
        answer.once('end', () => {
          // The proxy sends the length of what it passes on.
          const { connection: _connection, 'transfer-encoding': _encoding, ...kept } = answer.headers;
          resolve({ status: answer.statusCode ?? 0, headers: kept, body: Buffer.concat(parts) });
        });
      },
    );
    outgoing.once('error', reject);
    incoming.pipe(outgoing);
  });
}
