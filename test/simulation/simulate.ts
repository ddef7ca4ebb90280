import { mongo } from 'mongoose';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { TrustFile } from '../../src/evidence/trustFile';
import type { SealingDeps } from '../../src/sealing/deps';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { FakeDeps } from '../harness/fakeDeps';
import type { FakeObjectStore } from '../harness/fakes/fakeObjectStore';
import { findViolations, type QuiescentState } from '../harness/invariants';
import { InvariantMonitor } from './invariantMonitor';
import { memoizedExamine, memoizedManifest, memoizedTrustFile } from './memoizedInvariants';
import type { FaultKind, Plan, ScenarioName } from './plan';
import {
  CONTENT,
  EARLIER,
  KEYS,
  LATE,
  RECORDS,
  SCENARIO,
  SWEEP,
  fakeTimestamper,
  type Scenario,
} from './scenarios';
import type { Change } from './simulatedNetwork';
import { VirtualTime } from './virtualTime';
import { World, type JobEnding, type PlantedBug } from './world';

const START_MS = Date.parse('2026-06-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;
/** Failures after which no snapshot is missing: others sealed the window, or the policy stops at tampering. */
const FINAL_CODES = ['SNAPSHOT_SUPERSEDED', 'TAMPER_FOUND'];

export interface SimulationResult {
  /** Invariants that do not hold, in words; empty when all hold. */
  readonly violations: readonly string[];
  readonly calls: number;
  /** How often each call was let through and each fault injected, by `port.method kind`. */
  readonly fired: ReadonlyMap<string, number>;
  /** `port.method` of each call. */
  readonly sites: readonly string[];
  /** Numbers of the calls between which and the next one the clock was read. */
  readonly clockReads: ReadonlySet<number>;
}

/** Runs a plan to its end and checks the invariants. The result depends on the plan alone. */
export async function simulate(plan: Plan, bug?: PlantedBug): Promise<SimulationResult> {
  const result = await new Simulation(plan, bug).run();
  // Between two simulations the event loop serves everything else.
  await new Promise(setImmediate);
  return result;
}

/** The manifest of a run without faults, by scenario. */
const faultFreeManifests = new Map<ScenarioName, Promise<string | undefined>>();

class Simulation {
  readonly #plan: Plan;
  readonly #scenario: Scenario;
  readonly #bug: PlantedBug | undefined;
  readonly #time = new VirtualTime(START_MS);
  readonly #fakes = new FakeDeps(KEYS[0]);
  readonly #deps: SealingDeps;
  readonly #monitor = new InvariantMonitor(this.#fakes, CONTENT);
  readonly #eligible: string[] = [];
  readonly #late = [...LATE];
  readonly #spareKeys = KEYS.slice(1);
  readonly #reader: EvidenceReader;
  readonly #clockReads = new Set<number>();
  #clockOffsetMs = 0;
  #calls = (): number => 0;

  constructor(plan: Plan, bug?: PlantedBug) {
    this.#plan = plan;
    this.#scenario = SCENARIO[plan.scenario];
    this.#bug = bug;
    const { records, tampered, timestamped, earlier } = this.#scenario;
    const settings = { ...this.#fakes.settings, chunkLimits: { maxRecords: 2, maxBytes: 1 << 20 } };
    if (timestamped) this.#fakes.timestamper = fakeTimestamper();
    const clock = { nowMs: () => this.#readClock() };
    this.#deps = Object.assign({}, this.#fakes, { clock, settings });
    const { store } = this.#fakes;
    this.#reader = {
      read: (key, version) => Promise.resolve(versionOf(store, key, version)?.body),
      readLock: (key, version) => Promise.resolve(versionOf(store, key, version)?.lock ?? 'no object'),
    };
    for (const bytes of RECORDS.slice(0, records)) this.#log(bytes);
    if (earlier) this.#log(EARLIER);
    if (tampered) this.#tamper();
  }

  async run(compared = true): Promise<SimulationResult> {
    const { jobs, earlier, disaster } = this.#scenario;
    const before = earlier ? await this.#runFaultFree([earlier]) : [];
    const world = this.#world(this.#plan);
    const endings = await world.run(jobs);
    const { calls, fired, sites } = world.network;
    if (disaster) await this.#checkDisaster(endings);
    else await this.#check([...before, ...endings, ...(await this.#sweep())], compared);
    return { violations: [...this.#monitor.violations], calls, fired, sites, clockReads: this.#clockReads };
  }

  #readClock(): number {
    this.#clockReads.add(this.#calls());
    return this.#time.nowMs() + this.#clockOffsetMs;
  }

  #log(bytes: Buffer): void {
    this.#eligible.push(this.#fakes.records.addRaw(bytes));
  }

  /** Alters one byte of the first record, which its hash does not reflect. */
  #tamper(): void {
    const bytes = Buffer.from(RECORDS[0]!);
    bytes.write('INVOICE', bytes.indexOf('invoice-0'));
    this.#fakes.records.addRaw(bytes);
  }

  #change(kind: Change): void {
    const [late, key] = [this.#late[0], this.#spareKeys[0]];
    switch (kind) {
      case 'lateRecord':
        this.#late.shift();
        if (late) this.#log(late);
        break;
      case 'keyRotated':
        this.#spareKeys.shift();
        this.#fakes.clock.advance(this.#time.nowMs() - this.#fakes.clock.nowMs());
        if (key) this.#fakes.signer.rotate(key);
        break;
      case 'clockForward':
      case 'clockBack':
        this.#clockOffsetMs += kind === 'clockForward' ? HOUR_MS : -HOUR_MS;
        break;
      case 'disaster':
        this.#scenario.disaster?.inject(this.#fakes);
        break;
    }
  }

  #world(plan: Plan): World {
    const { continueAfter, inTurns = false, disaster } = this.#scenario;
    const world = new World({
      plan,
      time: this.#time,
      deps: this.#deps,
      open: this.#fakes.workflowStatus.open,
      ...(continueAfter === undefined ? {} : { continueAfter }),
      finalCodes: new Set([...FINAL_CODES, ...(disaster?.codes ?? [])]),
      inTurns,
      bug: this.#bug,
      change: (kind) => this.#change(kind),
      observe: (effect) => this.#monitor.onEffect(effect),
      onHistory: (payload) => this.#monitor.onHistory(payload),
    });
    this.#calls = () => world.network.calls;
    return world;
  }

  #runFaultFree(inputs: readonly AuditSnapshotInput[]): Promise<readonly JobEnding[]> {
    return this.#world({ ...this.#plan, order: 0, faults: [] }).run(inputs);
  }

  /** A later job over everything: it seals the records that came late, and nothing else. */
  async #sweep(): Promise<readonly JobEnding[]> {
    const left = this.#eligible.some((id) => this.#fakes.records.sealedBy(id) === undefined);
    return left ? this.#runFaultFree([SWEEP]) : [];
  }

  async #check(endings: readonly JobEnding[], compared: boolean): Promise<void> {
    const { violations } = this.#monitor;
    for (const violation of await findViolations(await this.#quiescentState(endings)))
      violations.add(violation);
    if (compared) await this.#compareManifest();
    const before = this.#fingerprint();
    const succeeded = endings.filter(({ result }) => result !== undefined).map(({ jobId }) => jobId);
    await this.#runFaultFree(this.#scenario.jobs.filter(({ jobId }) => succeeded.includes(jobId)));
    if (this.#fingerprint() !== before) violations.add('a second run of the job writes something');
  }

  /** After an unrecoverable fault a job fails with its code; everything that was sealed before still verifies. */
  async #checkDisaster(endings: readonly JobEnding[]): Promise<void> {
    const { records, jobs } = this.#fakes;
    const { violations } = this.#monitor;
    for (const { jobId, code } of endings) {
      const lease = await this.#fakes.leases.find(snapshotIdOf(jobId));
      if (lease && !lease.signing)
        violations.add(`job ${jobId} ended before it signed anything, and its window is not free`);
      const job = jobs.jobs.get(jobId);
      if (code === undefined) continue;
      if (job?.status !== 'failed' || job.error?.code !== code)
        violations.add(
          `job ${jobId} ended with ${code} and is reported as ${job?.status} ${job?.error?.code}`,
        );
    }
    for (const [id, times] of records.markCounts)
      if (times !== 1) violations.add(`record ${id} was marked ${times} times`);
    for (const { jobId, result } of endings)
      if (result && !records.ids().some((id) => records.sealedBy(id) === snapshotIdOf(jobId)))
        violations.add(`job ${jobId} succeeded and marked nothing`);
    const snapshotIds = [snapshotIdOf(this.#scenario.earlier!.jobId)];
    const trust = await this.#trust();
    const { report } = await verifyEvidence(this.#reader, { trust, found: [], snapshotIds });
    if (report.verdict !== 'VERIFIED') violations.add(`the earlier snapshot is ${report.verdict}`);
  }

  /** Without the key, where that was rotated: the version that signs is decided when a snapshot is opened. */
  async #compareManifest(): Promise<void> {
    const { scenario, faults } = this.#plan;
    const has = (kind: FaultKind): boolean => faults.some((fault) => fault.kind === kind);
    if (this.#scenario.jobs.length > 1 || has('lateRecord')) return;
    const actual = await this.manifest();
    const expected = await (faultFreeManifests.get(scenario) ?? makeFaultFreeManifest(scenario));
    const shown = (text: string | undefined): string | undefined =>
      has('keyRotated') ? text?.replace(/"key":\{[^}]*\}/, '') : text;
    if (shown(actual) !== shown(expected))
      this.#monitor.violations.add('the manifest differs from that of a run without faults');
  }

  manifest(): Promise<string | undefined> {
    return memoizedManifest(this.#reader, snapshotIdOf(this.#scenario.jobs[0]!.jobId));
  }

  async #trust(): Promise<TrustFile> {
    return memoizedTrustFile(this.#deps.settings.origin, await this.#fakes.signer.listKeys());
  }

  async #quiescentState(endings: readonly JobEnding[]): Promise<QuiescentState> {
    const { records, store, ledger, assets, jobs, leases, workflowStatus } = this.#fakes;
    const failed = new Set(endings.filter(({ result }) => result === undefined).map(({ jobId }) => jobId));
    const held = await Promise.all(endings.map(({ jobId }) => leases.find(snapshotIdOf(jobId))));
    const sealed =
      !this.#scenario.tampered || failed.size === 0 || endings.some(({ jobId }) => jobId === SWEEP.jobId);
    const marksOf = (id: string) => ({
      snapshotId: records.sealedBy(id),
      times: records.markCounts.get(id) ?? 0,
    });
    return {
      eligible: sealed ? this.#eligible : [],
      marks: new Map(this.#eligible.map((id) => [id, marksOf(id)])),
      versions: new Map(store.keys().map((key) => [key, store.versions(key).length])),
      reader: this.#reader,
      trust: await this.#trust(),
      examine: memoizedExamine,
      ledger: ledger.leaves.map(({ entry }) => entry),
      assets: [...assets.assets.values()],
      auditEntries: records
        .ids()
        .filter((id) => !this.#eligible.includes(id))
        .map((id) => mongo.BSON.deserialize(records.read(id)!))
        .filter((record) => record['action'] === 'snapshot.created')
        .map((record) => String(record['resourceId'])),
      jobs: jobs.jobs,
      failedJobs: failed,
      leases: held.flatMap((lease) => (lease ? [lease.snapshotId] : [])),
      openWorkflows: [...workflowStatus.open],
    };
  }

  #fingerprint(): string {
    const { records, store, snapshots, ledger, assets, jobs } = this.#fakes;
    return JSON.stringify([
      store.keys().map((key) => store.versions(key).length),
      records.ids().length,
      [...records.markCounts],
      [...snapshots.snapshots.values()],
      ledger.leaves.length,
      assets.assets.size,
      [...jobs.jobs.values()].map(({ status, result }) => [status, result]),
    ]);
  }
}

function versionOf(store: FakeObjectStore, key: string, version: string | undefined) {
  const versions = store.versions(key);
  return version === undefined ? versions.at(-1) : versions.find((one) => one.versionId === version);
}

/** Runs a scenario without faults; that run itself is compared with no manifest. */
function makeFaultFreeManifest(scenario: ScenarioName): Promise<string | undefined> {
  const simulation = new Simulation({ scenario, order: 0, faults: [] });
  const made = simulation.run(false).then(() => simulation.manifest());
  faultFreeManifests.set(scenario, made);
  return made;
}
