import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { IssuedCertificate } from './certificates';

export interface TlsProxy extends AsyncDisposable {
  readonly port: number;
}

/**
 * Accepts TLS and passes the bytes to a plain-text server on this machine. With `clientCa` it demands a client certificate
 * of that authority.
 */
export async function startTlsProxy(
  targetPort: number,
  { cert, key }: IssuedCertificate,
  { clientCa, protocols = [] }: { readonly clientCa?: string; readonly protocols?: readonly string[] } = {},
): Promise<TlsProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const server = createServer(
    {
      cert: readFileSync(cert),
      key: readFileSync(key),
      ALPNProtocols: [...protocols],
      ...(clientCa === undefined
        ? {}
        : { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true }),
    },
    (client) => {
      const target = connect(targetPort, '127.0.0.1');
      track(client);
      track(target);
      client.pipe(target).pipe(client);
      client.once('close', () => target.destroy());
      target.once('close', () => client.destroy());
    },
  );
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
