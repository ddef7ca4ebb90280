import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ANSWER_KINDS, answerAs, type AnswerKind, type AnsweringRole } from '../harness/httpAnswers';
import type { Target, Degradation } from './tcpProxy';

/**
 * A fault of one request: it is lost, its answer is lost, the connection breaks in the middle of either, or the proxy
 * answers instead of the server, or stays silent. `stalled`: the request takes effect, and the answer begins and stops.
 */
export type HttpFault =
  'lost' | 'unacknowledged' | 'requestCut' | 'answerCut' | '429' | '503' | '507' | AnswerKind;

/**
 * What every request is answered with for a while. `absentDenied`: what does not exist is answered with 403, as by S3
 * without the right to list.
 */
export type Refusal = 'denied' | 'outdated' | 'absentDenied';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly status: number;
}

interface Armed {
  readonly fault: HttpFault;
  readonly methods: readonly string[];
  readonly fired: () => void;
}

interface BegunRefusal {
  readonly kind: Refusal;
  readonly fired: () => void;
}

const SLOW_MS = 700;
const HOP_BY_HOP = /^(connection|keep-alive|transfer-encoding)$/i;

/** An HTTP proxy for one server: requests pass as a whole, and a fault can be injected into each request or its answer. */
export class HttpProxy {
  /** Connections that were accepted. */
  connections = 0;
  readonly #server: Server;
  readonly #target: () => Target;
  readonly #role: AnsweringRole;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #sockets = new Set<Socket>();
  readonly #before: (method: string, path: string, body: Buffer) => Promise<void>;
  readonly #after: (exchange: Exchange) => void;
  #armed: Armed[] = [];
  /** Connections over which nothing is answered any more, although they stay open. */
  readonly #dead = new WeakMap<Socket, () => void>();
  #refusal: BegunRefusal | undefined;
  #degradation: { readonly kind: Degradation; readonly fired: () => void } | undefined;
  #lifted = new AbortController();

  /** `before` is called with each request before it is sent on, `after` with what the server answered. */
  constructor(
    target: () => Target,
    role: AnsweringRole,
    before: (method: string, path: string, body: Buffer) => Promise<void> = () => Promise.resolve(),
    after: (exchange: Exchange) => void = () => undefined,
  ) {
    this.#target = target;
    this.#role = role;
    this.#before = before;
    this.#after = after;
    this.#server = createServer((incoming, answer) => {
      this.#pass(incoming, answer).catch(() => incoming.socket.destroy());
    });
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#degradation?.kind === 'refused') {
        this.#degradation.fired();
        socket.resetAndDestroy();
      }
    });
  }

  async listen(): Promise<Target> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Injects a fault into the next request with one of these methods. */
  arm(fault: HttpFault, methods: readonly string[], fired: () => void): void {
    this.#armed.push({ fault, methods, fired });
  }

  /** Answers all requests in this way until it is lifted. */
  refuse(kind: Refusal, fired: () => void): void {
    this.#refusal = { kind, fired };
  }

  /** Connections that are open now stay open and are never answered again; new ones work. Nothing lifts this. */
  killConnections(fired: () => void): void {
    for (const socket of this.#sockets) this.#dead.set(socket, fired);
  }

  begin(kind: Degradation, fired: () => void): void {
    this.#degradation = { kind, fired };
    if (kind !== 'refused') return;
    if (this.#sockets.size > 0) fired();
    for (const socket of this.#sockets) socket.destroy();
  }

  lift(): void {
    this.#degradation = undefined;
    this.#refusal = undefined;
    this.#armed = [];
    this.#lifted.abort();
    this.#lifted = new AbortController();
  }

  async close(): Promise<void> {
    this.lift();
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const body = await readAll(incoming);
    const dead = this.#dead.get(incoming.socket);
    if (dead) return dead();
    await this.#delay();
    const armed = this.#armed.find(({ methods }) => methods.includes(method));
    this.#armed = this.#armed.filter((other) => other !== armed);
    const fault = armed?.fault;
    await this.#before(method, url, body);
    if (isAnswer(fault) && fault !== 'stalled') {
      armed!.fired();
      answerAs(fault, this.#role, answer);
      return;
    }
    switch (fault) {
      case 'lost':
        armed!.fired();
        incoming.socket.destroy();
        return;
      case 'requestCut':
        armed!.fired();
        await this.#sendHalf(incoming, body);
        incoming.socket.destroy();
        return;
      case 'unacknowledged':
      case 'answerCut':
      case 'stalled':
      case undefined:
        break;
      case '429':
      case '503':
      case '507':
        armed!.fired();
        answer.writeHead(Number(fault), { 'retry-after': '1' }).end();
        return;
    }
    if (this.#refusal && this.#refusal.kind !== 'absentDenied') return this.#refuse(this.#refusal, answer);
    const response = await this.#send(incoming, body);
    this.#after({ method, path: url, body, status: response.status });
    // An answer without a body cannot be cut in the middle.
    if (fault === 'unacknowledged' || (fault === 'answerCut' && response.body.length < 2)) {
      armed!.fired();
      incoming.socket.destroy();
      return;
    }
    if (fault === 'stalled') {
      armed!.fired();
      answerAs(fault, this.#role, answer);
      return;
    }
    if (this.#refusal && response.status === 404) return this.#refuse(this.#refusal, answer);
    answer.writeHead(response.status, response.headers);
    if (fault === 'answerCut') {
      armed!.fired();
      answer.write(response.body.subarray(0, response.body.length >> 1), () => incoming.socket.destroy());
      return;
    }
    answer.end(response.body);
  }

  #refuse({ kind, fired }: BegunRefusal, answer: ServerResponse): void {
    fired();
    answerAs(kind === 'outdated' ? kind : 'denied', this.#role, answer);
  }

  async #delay(): Promise<void> {
    const degradation = this.#degradation;
    if (!degradation) return;
    const { signal } = this.#lifted;
    degradation.fired();
    if (degradation.kind === 'blackHole') await once(signal, 'abort');
    else await pause(SLOW_MS, undefined, { signal }).catch(() => undefined);
  }

  async #send(
    { method, url, rawHeaders }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: string[]; body: Buffer }> {
    const outgoing = request({ ...this.#target(), method, path: url, agent: this.#agent });
    for (const [name, value] of pairsOf(rawHeaders)) outgoing.setHeader(name, value);
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const headers = pairsOf(response.rawHeaders).filter(([name]) => !/^content-length$/i.test(name));
    const received = await readAll(response);
    const length = method === 'HEAD' ? (response.headers['content-length'] ?? '0') : String(received.length);
    const status = response.statusCode ?? 502;
    const bodiless = status === 204 || status === 304;
    return {
      status,
      headers: [...headers, ...(bodiless ? [] : [['content-length', length]])].flat(),
      body: received,
    };
  }

  /** Announces the whole body and sends half of it; the server must not store that as an object. */
  async #sendHalf({ method, url, rawHeaders }: IncomingMessage, body: Buffer): Promise<void> {
    const outgoing = request({ ...this.#target(), method, path: url, agent: false });
    outgoing.on('error', () => undefined);
    for (const [name, value] of pairsOf(rawHeaders)) outgoing.setHeader(name, value);
    await new Promise<void>((resolve) => {
      outgoing.write(body.subarray(0, body.length >> 1), () => resolve());
      outgoing.once('error', () => resolve());
    });
    outgoing.destroy();
  }
}

function isAnswer(fault: HttpFault | undefined): fault is AnswerKind {
  return (ANSWER_KINDS as readonly (HttpFault | undefined)[]).includes(fault);
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2)
    if (!HOP_BY_HOP.test(raw[index]!)) pairs.push([raw[index]!, raw[index + 1]!]);
  return pairs;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
