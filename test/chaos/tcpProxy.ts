import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Where a proxy connects to. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The target of a URL with a port. */
export function targetOf(address: string): Target {
  const { hostname, port } = new URL(address);
  return { host: hostname, port: Number(port) };
}

/** Receives what passes, in both directions, and returns what is sent on. An error ends the connection. */
export interface Tap {
  toServer(part: Buffer): Promise<readonly Buffer[]>;
  toClient(part: Buffer): Promise<readonly Buffer[]>;
}

/** Conditions of a network that affect everything that passes until they are lifted. */
export type Degradation = 'refused' | 'blackHole' | 'slow';

const SLOW_MS = 300;

/** A TCP proxy for one server: passes connections on, cuts them in the middle, refuses, delays or swallows them. */
export class TcpProxy {
  readonly #target: Target;
  readonly #tapOf: (() => Tap) | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #degradation: Degradation | undefined;
  #onFired: () => void = () => undefined;
  #lifted: AbortController = new AbortController();
  /** Connections over which nothing passes any more, although they stay open. */
  readonly #dead = new WeakMap<Socket, () => void>();
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

  /** Cuts a connection after the next `bytes` have passed on any of them; calls `fired` when it happens. */
  cutAfter(bytes: number, fired: () => void): void {
    this.#cut = { left: bytes, fired };
  }

  /** Begins a degradation; calls `fired` when something is affected. `refused` ends open connections as well. */
  begin(degradation: Degradation, fired: () => void): void {
    this.lift();
    this.#degradation = degradation;
    this.#onFired = fired;
    if (degradation !== 'refused') return;
    if (this.#sockets.size > 0) fired();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Over connections that are open now nothing passes any more, and they stay open; new ones work. Nothing lifts this. */
  killConnections(fired: () => void): void {
    for (const socket of this.#sockets) this.#dead.set(socket, fired);
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
    this.#register(client);
    if (this.#degradation === 'refused') {
      this.#onFired();
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target.port, this.#target.host);
    this.#register(upstream);
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
        await this.#delay();
        const dead = this.#dead.get(from);
        if (dead) {
          dead();
          continue;
        }
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
  async #delay(): Promise<void> {
    const { signal } = this.#lifted;
    const degradation = this.#degradation;
    if (degradation === undefined) return;
    this.#onFired();
    if (degradation === 'slow') await pause(SLOW_MS, undefined, { signal }).catch(() => undefined);
    else await once(signal, 'abort');
  }

  #register(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    // Connections are meant to break; their readers see the error.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
