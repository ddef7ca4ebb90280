import { jsonPage, type Page } from '../monitoring/endpoint';
import { newRegistry, probeGauges, pollersGauge, processGauges, sealingMetrics } from '../monitoring/metrics';
import { healthChecker, type NeededServer } from '../monitoring/serverHealth';
import type { ProcessState } from './supervisor';
import type { Pulse, WorkerMessage } from './workerMessages';

/** A process sends a pulse every five seconds; without one for this long its event loop is blocked. */
const SILENT_MS = 60_000;

/** One worker process, by its place. */
interface Place {
  state: ProcessState;
  pulse: Pulse | undefined;
  heardAtMs: number;
  sdkAddress: string | undefined;
}

export interface MonitorDeps {
  readonly nowMs: () => number;
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Empty until the supervisor is connected to the servers. */
  readonly servers: () => readonly NeededServer[];
  /** The metrics of Temporal's SDK, of the worker processes at these addresses by place. */
  readonly readSdkMetrics: (addresses: ReadonlyMap<number, string>) => Promise<string>;
}

/** What a supervisor knows of its worker processes, and the pages `/livez`, `/readyz` and `/metrics` that show it. */
export class WorkerMonitor {
  readonly registry = newRegistry();
  readonly gauges = probeGauges(this.registry);
  readonly pollers = pollersGauge(this.registry);
  readonly metrics = sealingMetrics(this.registry);
  readonly #processes = processGauges(this.registry);
  readonly #places = new Map<number, Place>();
  readonly #deps: MonitorDeps;
  readonly #checkServers: ReturnType<typeof healthChecker>;
  #draining = false;

  constructor(deps: MonitorDeps) {
    this.#deps = deps;
    this.#checkServers = healthChecker({ ...deps, servers: deps.servers });
  }

  /** From now on `/readyz` answers 503. */
  drain(): void {
    this.#draining = true;
  }

  setState(index: number, state: ProcessState): void {
    const place = this.#placeOf(index);
    place.state = state;
    place.heardAtMs = this.#deps.nowMs();
  }

  /** Where the processes at this place serve the metrics of Temporal's SDK. */
  setSdkAddress(index: number, address: string): void {
    this.#placeOf(index).sdkAddress = address;
  }

  /** Undefined where no metrics are served. */
  sdkAddress(index: number): string | undefined {
    return this.#places.get(index)?.sdkAddress;
  }

  receive(index: number, message: WorkerMessage): void {
    if (message.type === 'metric') this.metrics.record(message.event);
    if (message.type !== 'pulse') return;
    const place = this.#placeOf(index);
    place.pulse = message.pulse;
    place.heardAtMs = this.#deps.nowMs();
  }

  pages(): Readonly<Record<string, () => Promise<Page>>> {
    return {
      '/livez': () => Promise.resolve(this.#livez()),
      '/readyz': () => this.#readyz(),
      '/metrics': () => this.#metricsPage(),
    };
  }

  /** Alive, unless a running process is silent: then its event loop is blocked, and only a restart helps. */
  #livez(): Page {
    const silent = [...this.#places.values()].filter((place) => this.#isSilent(place)).length;
    return jsonPage(silent === 0 ? 200 : 503, {
      status: silent === 0 ? 'ok' : 'blocked',
      workers: this.#counts(),
      eventLoopLagSeconds: this.#lagSeconds(),
    });
  }

  /** Ready when every server answers and a worker process polls. */
  async #readyz(): Promise<Page> {
    const servers = await this.#checkServers();
    const polling = [...this.#places.values()].filter(
      (place) => place.state === 'running' && place.pulse?.polling === true && !this.#isSilent(place),
    ).length;
    const connected = servers.length > 0 && servers.every(({ status }) => status === 'ok');
    const ready = !this.#draining && polling > 0 && connected;
    const status = ready ? 'ok' : this.#draining ? 'draining' : 'not ready';
    const body = { status, polling, workers: this.#counts(), servers };
    return jsonPage(ready ? 200 : 503, { ...body, eventLoopLagSeconds: this.#lagSeconds() });
  }

  async #metricsPage(): Promise<Page> {
    for (const [state, count] of Object.entries(this.#counts()))
      this.#processes.workers.set({ state }, count);
    this.#processes.lagSeconds.set(this.#lagSeconds());
    const addresses = new Map<number, string>();
    for (const [index, { sdkAddress, state }] of this.#places)
      if (sdkAddress !== undefined && state === 'running') addresses.set(index, sdkAddress);
    const [own, sdk] = await Promise.all([this.registry.metrics(), this.#deps.readSdkMetrics(addresses)]);
    return { status: 200, type: this.registry.contentType, text: `${own}${sdk}` };
  }

  #counts(): Record<ProcessState, number> {
    const counts: Record<ProcessState, number> = { starting: 0, running: 0, dead: 0 };
    for (const { state } of this.#places.values()) counts[state]++;
    return counts;
  }

  #lagSeconds(): number {
    const running = [...this.#places.values()].filter(({ state }) => state === 'running');
    return Math.max(0, ...running.map(({ pulse }) => pulse?.lagSeconds ?? 0));
  }

  #isSilent({ state, heardAtMs }: Place): boolean {
    return state === 'running' && this.#deps.nowMs() - heardAtMs > SILENT_MS;
  }

  #placeOf(index: number): Place {
    const known = this.#places.get(index);
    if (known) return known;
    const heardAtMs = this.#deps.nowMs();
    const added: Place = { state: 'starting', pulse: undefined, heardAtMs, sdkAddress: undefined };
    this.#places.set(index, added);
    return added;
  }
}
