import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Where connections go on to. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Sees what passes, in both directions; what it returns goes on. What it throws ends the connection. */
export interface Tap {
  toServer(part: Buffer): Promise<readonly Buffer[]>;
  toClient(part: Buffer): Promise<readonly Buffer[]>;
}

/** Conditions of a network, from which everything that passes suffers until they are lifted. */
export type Degradation = 'refused' | 'blackHole' | 'slow';

const SLOW_MS = 300;

/** One TCP port in front of a server: lets connections through, cuts them in the middle, refuses, delays or swallows them. */
export class TcpProxy {
  readonly #target: Target;
  readonly #tapOf: (() => Tap) | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #degradation: Degradation | undefined;
  #onFired: () => void = () => undefined;
  #lifted: AbortController = new AbortController();
  #cut: { left: number; readonly fired: () => void } | undefined;

  constructor(target: Target, tapOf?: () => Tap) {
    this.#target = target;
    this.#tapOf = tapOf;
    this.#server = createServer((client) => void this.#join(client));
  }

  async listen(): Promise<Target> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Cuts the connection over which the next `bytes` pass, wherever that is; `fired` is told when it happens. */
  cutAfter(bytes: number, fired: () => void): void {
    this.#cut = { left: bytes, fired };
  }

  /** From now on; `fired` is told when something suffered from it. Refused ends what is connected as well. */
  begin(degradation: Degradation, fired: () => void): void {
    this.lift();
    this.#degradation = degradation;
    this.#onFired = fired;
    if (degradation !== 'refused') return;
    if (this.#sockets.size > 0) fired();
    for (const socket of this.#sockets) socket.destroy();
  }

  lift(): void {
    this.#degradation = undefined;
    this.#cut = undefined;
    this.#lifted.abort();
    this.#lifted = new AbortController();
  }

  async close(): Promise<void> {
    this.lift();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #join(client: Socket): Promise<void> {
    this.#keep(client);
    if (this.#degradation === 'refused') {
      this.#onFired();
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target.port, this.#target.host);
    this.#keep(upstream);
    const tap = this.#tapOf?.();
    const part = (direction: keyof Tap) => async (bytes: Buffer) => (tap ? tap[direction](bytes) : [bytes]);
    await Promise.allSettled([
      this.#pump(client, upstream, part('toServer')),
      this.#pump(upstream, client, part('toClient')),
    ]);
  }

  async #pump(from: Socket, to: Socket, tap: (bytes: Buffer) => Promise<readonly Buffer[]>): Promise<void> {
    try {
      for await (const bytes of from as AsyncIterable<Buffer>) {
        await this.#suffer();
        for (const part of await tap(bytes)) await this.#write(to, part);
      }
    } finally {
      from.destroy();
      to.destroy();
    }
  }

  async #write(to: Socket, bytes: Buffer): Promise<void> {
    const cut = this.#cut;
    if (cut) {
      cut.left -= bytes.length;
      if (cut.left <= 0) {
        this.#cut = undefined;
        to.write(bytes.subarray(0, Math.max(1, bytes.length >> 1)));
        cut.fired();
        throw new Error('cut');
      }
    }
    if (!to.write(bytes)) await once(to, 'drain');
  }

  /** Resolves when bytes may pass. */
  async #suffer(): Promise<void> {
    const { signal } = this.#lifted;
    const degradation = this.#degradation;
    if (degradation === undefined) return;
    this.#onFired();
    if (degradation === 'slow') await pause(SLOW_MS, undefined, { signal }).catch(() => undefined);
    else await once(signal, 'abort');
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    // A broken connection is what this is for; whoever reads from it hears of it.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
