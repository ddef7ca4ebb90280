import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTP server on loopback that answers as the test says, and keeps what it received. */
export class AnsweringServer {
  answer: RequestListener = (_request, response) => response.writeHead(500).end();
  readonly received: ReceivedRequest[] = [];
  /** Connections that were accepted. */
  connections = 0;
  readonly #server: Server;
  readonly #protocol: string;

  private constructor(tls: ServerOptions | undefined) {
    const listener: RequestListener = (request, response) => void this.#receive(request, response);
    this.#protocol = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
    this.#server.on('connection', () => this.connections++);
  }

  static async start(host = '127.0.0.1', tls?: ServerOptions): Promise<AnsweringServer> {
    const started = new AnsweringServer(tls);
    started.#server.listen(0, host);
    await once(started.#server, 'listening');
    return started;
  }

  /** Protocol, address and port, as a setting has it. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `${this.#protocol}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { method = '', url = '', headers } = request;
    this.received.push({ method, url, headers, body });
    this.answer(request, response);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}
