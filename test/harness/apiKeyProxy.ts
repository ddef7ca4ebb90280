import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { IssuedCertificate } from './certificates';
import type { TlsProxy } from './tlsProxy';

const UNAUTHENTICATED = '16';

/** Accepts gRPC over TLS and passes calls to a server in plain text, if they carry the key that `currentKey` returns. */
export async function startApiKeyProxy(
  targetPort: number,
  { cert, key }: IssuedCertificate,
  currentKey: () => string,
): Promise<TlsProxy> {
  const target = connect(`http://127.0.0.1:${targetPort}`);
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined).once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    if (headers.authorization === `Bearer ${currentKey()}`) pass(stream, headers);
    else reject(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function pass(stream: ServerHttp2Stream, { ':scheme': _scheme, ...headers }: IncomingHttpHeaders): void {
    const call = target.request(headers);
    call.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    let trailers: IncomingHttpHeaders = {};
    call.on('trailers', (received) => (trailers = received));
    call.on('response', (response, flags) => {
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0)
        return stream.respond(response, { endStream: true });
      stream.respond(response, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      call.pipe(stream);
    });
    stream.pipe(call);
    stream.once('close', () => call.close());
  }

  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      target.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A gRPC answer that consists of trailers alone. */
function reject(stream: ServerHttp2Stream): void {
  const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNAUTHENTICATED };
  stream.respond({ ...answer, 'grpc-message': 'api key rejected' }, { endStream: true });
}
