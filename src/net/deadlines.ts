import type { ClientRequest, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** How long a request may take; each deadline ends the request and its connection. */
export interface Deadlines {
  /** Until the connection is established, with TLS where it is used. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** From the start of the request to the last byte of the response. */
  readonly requestMs: number;
}

/**
 * Ends a request when one of its deadlines passes, with an error of code ETIMEDOUT that names the deadline. Without it, a
 * server that accepts connections and sends nothing occupies the caller for as long as the connection exists.
 */
export function enforceDeadlines(request: ClientRequest, { connectMs, idleMs, requestMs }: Deadlines): void {
  let response: IncomingMessage | undefined;
  const expire = (missed: string) => {
    const error = Object.assign(new Error(missed), { code: 'ETIMEDOUT' });
    // After the response began, its reader gets the error; before, the listener of the request does.
    (response ?? request).destroy(error);
  };
  const timers = [setTimeout(expire, requestMs, `no complete response within ${inSeconds(requestMs)}`)];
  request.once('response', (begun) => {
    response = begun;
  });
  request.setTimeout(idleMs, () => expire(`no byte within ${inSeconds(idleMs)}`));
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const connecting = setTimeout(expire, connectMs, `no connection within ${inSeconds(connectMs)}`);
    timers.push(connecting);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
  });
  request.once('close', () => timers.forEach((timer) => clearTimeout(timer)));
}

function inSeconds(ms: number): string {
  return `${ms / 1000} s`;
}
