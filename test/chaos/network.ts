import type { MongoFault } from './mongoTap';
import { MongoTap, transactionOf, type MongoObserver, type WriteCommand } from './mongoTap';
import { HttpProxy, type Exchange, type HttpFault } from './httpProxy';
import { TcpProxy, type Target, type Degradation } from './tcpProxy';

export interface Targets {
  readonly temporal: Target;
  readonly mongo: Target;
  readonly storage: Target;
  readonly vault: Target;
  readonly service: () => Target;
}

export type ServerRole = keyof Targets;

/** What the observers of a network are told. */
export interface Observer {
  /** A write of the database that is about to go on. */
  readonly onWrite: (command: WriteCommand) => void;
  /** In front of every request to the job service. */
  readonly beforeReport: (path: string, body: Buffer) => Promise<void>;
  readonly onStored: (exchange: Exchange) => void;
}

/** How often something was changed through this network, by server. */
export interface Changes {
  mongo: number;
  storage: number;
  vault: number;
}

const BODIED = ['PUT', 'POST'];
const ANY = ['GET', 'PUT', 'POST', 'HEAD'];

const nothing = (): Promise<void> => Promise.resolve();

/** The network of one run: a proxy in front of every server, which is the only way from the product to it. */
export class Network implements MongoObserver {
  readonly changes: Changes = { mongo: 0, storage: 0, vault: 0 };
  /** What was changed since the last reset, for people. */
  readonly changed: string[] = [];
  readonly #observer: Observer;
  readonly #tcp: Readonly<Record<'temporal' | 'mongo', TcpProxy>>;
  readonly #http: Readonly<Record<'storage' | 'vault' | 'service', HttpProxy>>;
  readonly #struck = new Map<string, MongoFault>();
  #mongoStrike: { readonly kind: MongoFault; readonly fired: () => void } | undefined;

  constructor(targets: Targets, observer: Observer) {
    this.#observer = observer;
    this.#tcp = {
      temporal: new TcpProxy(targets.temporal),
      mongo: new TcpProxy(targets.mongo, () => new MongoTap(this)),
    };
    this.#http = {
      storage: new HttpProxy(
        () => targets.storage,
        nothing,
        (exchange) => this.#onStored(exchange),
      ),
      vault: new HttpProxy(
        () => targets.vault,
        nothing,
        ({ path, status }) => {
          if (path.includes('/transit/sign/') && status < 300) this.#note('vault', path);
        },
      ),
      service: new HttpProxy(targets.service, (_method, path, body) => observer.beforeReport(path, body)),
    };
  }

  /** Opens all ports; the address of each. */
  async listen(): Promise<Readonly<Record<ServerRole, string>>> {
    const proxies = { ...this.#tcp, ...this.#http };
    const addresses = await Promise.all(
      Object.entries(proxies).map(async ([role, proxy]) => {
        const { host, port } = await proxy.listen();
        return [role, `${host}:${port}`] as const;
      }),
    );
    return Object.fromEntries(addresses) as Record<ServerRole, string>;
  }

  degradation(role: ServerRole, degradation: Degradation, fired: () => void): void {
    this.#proxy(role).begin(degradation, fired);
  }

  /** Lets the degradation of one server pass. */
  lift(role: ServerRole): void {
    this.#proxy(role).lift();
  }

  injectHttpFault(role: 'storage' | 'vault' | 'service', inject: HttpFault, fired: () => void): void {
    const methods = inject === 'requestCut' || inject === '507' ? BODIED : ANY;
    const written = inject === 'unacknowledged' && role !== 'vault' ? BODIED : methods;
    this.#http[role].arm(inject, written, fired);
  }

  injectMongoFault(kind: MongoFault, fired: () => void): void {
    this.#mongoStrike = { kind, fired };
  }

  cut(role: 'temporal' | 'mongo', bytes: number, fired: () => void): void {
    this.#tcp[role].cutAfter(bytes, fired);
  }

  heal(): void {
    this.#mongoStrike = undefined;
    this.#struck.clear();
    for (const proxy of [...Object.values(this.#tcp), ...Object.values(this.#http)]) proxy.lift();
  }

  resetChanges(): void {
    Object.assign(this.changes, { mongo: 0, storage: 0, vault: 0 });
    this.changed.length = 0;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...Object.values(this.#tcp), ...Object.values(this.#http)].map((proxy) => proxy.close()),
    );
  }

  onWrite(command: WriteCommand): MongoFault | undefined {
    this.#observer.onWrite(command);
    const transaction = transactionOf(command);
    const again = transaction === undefined ? undefined : this.#struck.get(transaction);
    if (again) return again;
    const inject = this.#mongoStrike;
    if (!inject) return undefined;
    this.#mongoStrike = undefined;
    if (transaction !== undefined) this.#struck.set(transaction, inject.kind);
    inject.fired();
    return inject.kind;
  }

  onChange({ name, collection }: WriteCommand, changed: number): void {
    this.changes.mongo += changed;
    this.changed.push(`${name} ${collection}`);
  }

  #onStored(exchange: Exchange): void {
    const { method, path, status } = exchange;
    if (!BODIED.includes(method) && method !== 'DELETE') return;
    if (status < 300) this.#note('storage', `${method} ${path}`);
    this.#observer.onStored(exchange);
  }

  #note(role: keyof Changes, what: string): void {
    this.changes[role]++;
    this.changed.push(what);
  }

  #proxy(role: ServerRole): TcpProxy | HttpProxy {
    return role === 'temporal' || role === 'mongo' ? this.#tcp[role] : this.#http[role];
  }
}
