import { MongoTap, transactionOf, type MongoFault, type MongoObserver, type WriteCommand } from './mongoTap';
import { HttpProxy, type Exchange, type HttpFault, type Refusal } from './httpProxy';
import { TcpProxy, type Target, type Degradation } from './tcpProxy';

export interface Targets {
  readonly temporal: Target;
  readonly mongo: Target;
  readonly storage: Target;
  readonly vault: Target;
  readonly service: () => Target;
}

export type ServerRole = keyof Targets;

/** Called with what passes through the network. */
export interface Observer {
  /** Before each write reaches the database. */
  readonly onWrite: (command: WriteCommand) => void;
  /** Before each request reaches the job service. */
  readonly beforeReport: (path: string, body: Buffer) => Promise<void>;
  /** After each request that writes to storage. */
  readonly onStored: (exchange: Exchange) => void;
}

/** Changes that passed through the network, by server. */
export interface Changes {
  mongo: number;
  storage: number;
  vault: number;
}

const BODIED = ['PUT', 'POST'];
const ANY = ['GET', 'PUT', 'POST', 'HEAD'];

const nothing = (): Promise<void> => Promise.resolve();

/** The network of one run: a proxy for every server, through which alone the product reaches it. */
export class ProxyNetwork implements MongoObserver {
  readonly changes: Changes = { mongo: 0, storage: 0, vault: 0 };
  /** The changes since the last reset, for messages. */
  readonly changed: string[] = [];
  readonly #observer: Observer;
  readonly #tcp: Readonly<Record<'temporal' | 'mongo', TcpProxy>>;
  readonly #http: Readonly<Record<'storage' | 'vault' | 'service', HttpProxy>>;
  readonly #injected = new Map<string, MongoFault>();
  #nextMongoFault: { readonly kind: MongoFault; readonly fired: () => void } | undefined;

  constructor(targets: Targets, observer: Observer) {
    this.#observer = observer;
    this.#tcp = {
      temporal: new TcpProxy(targets.temporal),
      mongo: new TcpProxy(targets.mongo, () => new MongoTap(this)),
    };
    this.#http = {
      storage: new HttpProxy(
        () => targets.storage,
        'storage',
        nothing,
        (exchange) => this.#onStored(exchange),
      ),
      vault: new HttpProxy(
        () => targets.vault,
        'vault',
        nothing,
        ({ path, status }) => {
          if (path.includes('/transit/sign/') && status < 300) this.#count('vault', path);
        },
      ),
      service: new HttpProxy(targets.service, 'other', (_method, path, body) =>
        observer.beforeReport(path, body),
      ),
    };
  }

  /** Connections to storage that were opened. */
  get storageConnections(): number {
    return this.#http.storage.connections;
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

  degrade(role: ServerRole, degradation: Degradation, fired: () => void): void {
    this.#proxy(role).begin(degradation, fired);
  }

  /** Answers all requests to one server in this way until it is lifted. */
  refuse(role: 'storage' | 'vault', refusal: Refusal, fired: () => void): void {
    this.#http[role].refuse(refusal, fired);
  }

  /** Over the open connections to one server nothing is answered any more. */
  killConnections(role: ServerRole, fired: () => void): void {
    this.#proxy(role).killConnections(fired);
  }

  /** Ends the degradation of one server. */
  lift(role: ServerRole): void {
    this.#proxy(role).lift();
  }

  injectHttpFault(role: 'storage' | 'vault' | 'service', fault: HttpFault, fired: () => void): void {
    const methods = fault === 'requestCut' || fault === '507' || fault === 'full' ? BODIED : ANY;
    const affected = fault === 'unacknowledged' && role !== 'vault' ? BODIED : methods;
    this.#http[role].arm(fault, affected, fired);
  }

  injectMongoFault(kind: MongoFault, fired: () => void): void {
    this.#nextMongoFault = { kind, fired };
  }

  cut(role: 'temporal' | 'mongo', bytes: number, fired: () => void): void {
    this.#tcp[role].cutAfter(bytes, fired);
  }

  heal(): void {
    this.#nextMongoFault = undefined;
    this.#injected.clear();
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
    const again = transaction === undefined ? undefined : this.#injected.get(transaction);
    if (again) return again;
    const fault = this.#nextMongoFault;
    if (!fault) return undefined;
    this.#nextMongoFault = undefined;
    if (transaction !== undefined) this.#injected.set(transaction, fault.kind);
    fault.fired();
    return fault.kind;
  }

  onChange({ name, collection }: WriteCommand, changed: number): void {
    this.changes.mongo += changed;
    this.changed.push(`${name} ${collection}`);
  }

  #onStored(exchange: Exchange): void {
    const { method, path, status } = exchange;
    if (!BODIED.includes(method) && method !== 'DELETE') return;
    if (status < 300) this.#count('storage', `${method} ${path}`);
    this.#observer.onStored(exchange);
  }

  #count(role: keyof Changes, what: string): void {
    this.changes[role]++;
    this.changed.push(what);
  }

  #proxy(role: ServerRole): TcpProxy | HttpProxy {
    return role === 'temporal' || role === 'mongo' ? this.#tcp[role] : this.#http[role];
  }
}
