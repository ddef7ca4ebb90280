import { mongo } from 'mongoose';
import type { SealingDeps } from '../../src/sealing/deps';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import type { TrustFile } from '../../src/evidence/trustFile';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { FakeDeps } from '../harness/fakeDeps';
import type { FakeObjectStore } from '../harness/fakes/fakeObjectStore';
import { brokenAtRest, type RestingState } from './invariants';
import type { Change } from './network';
import type { FaultKind, Plan, ScenarioName } from './plan';
import { compareOnce, examineOnce, trustOnce } from './memoizedInvariants';
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
import { VirtualTime } from './virtualTime';
import { Watch } from './watch';
import { World, type JobEnd, type Seam } from './world';

const START_MS = Date.parse('2026-06-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;
/** A window that others sealed, and tampering under the policy that stops at it: the job is over, and nothing is missing. */
const GIVEN = ['SNAPSHOT_SUPERSEDED', 'TAMPER_FOUND'];

export interface Simulated {
  /** What does not hold, in words; empty when everything does. */
  readonly broken: readonly string[];
  readonly calls: number;
  /** How often each call site was passed or struck. */
  readonly fired: ReadonlyMap<string, number>;
  /** `port.method` of each call. */
  readonly sites: readonly string[];
  /** Calls behind which, and in front of the next one, somebody read the clock. */
  readonly clockReads: ReadonlySet<number>;
}

/** Runs a plan to its end and judges what is left. Nothing in it depends on anything but the plan. */
export async function simulate(plan: Plan, seam?: Seam): Promise<Simulated> {
  const house = new Simulation(plan, seam);
  const simulated = await house.run();
  // Between two simulations the process may do what else it has to.
  await new Promise(setImmediate);
  return simulated;
}

/** The manifest that a scenario makes when nothing happens to it. */
const undisturbed = new Map<ScenarioName, Promise<string | undefined>>();

class Simulation {
  readonly #plan: Plan;
  readonly #scenario: Scenario;
  readonly #seam: Seam | undefined;
  readonly #time = new VirtualTime(START_MS);
  readonly #fakes = new FakeDeps(KEYS[0]);
  readonly #deps: SealingDeps;
  readonly #watch = new Watch(this.#fakes, CONTENT);
  readonly #eligible: string[] = [];
  readonly #late = [...LATE];
  readonly #spareKeys = KEYS.slice(1);
  readonly #reader: EvidenceReader;
  readonly #clockReads = new Set<number>();
  #clockOffsetMs = 0;
  #calls = (): number => 0;

  constructor(plan: Plan, seam?: Seam) {
    this.#plan = plan;
    this.#scenario = SCENARIO[plan.scenario];
    this.#seam = seam;
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

  async run(compared = true): Promise<Simulated> {
    const { jobs, earlier, disaster } = this.#scenario;
    const before = earlier ? await this.#inPeace([earlier]) : [];
    const world = this.#world(this.#plan);
    const ends = await world.run(jobs);
    const { calls, fired, sites } = world.network;
    if (disaster) await this.#judgeDisaster(ends);
    else await this.#judge([...before, ...ends, ...(await this.#sweep())], compared);
    return { broken: [...this.#watch.broken], calls, fired, sites, clockReads: this.#clockReads };
  }

  #readClock(): number {
    this.#clockReads.add(this.#calls());
    return this.#time.nowMs() + this.#clockOffsetMs;
  }

  #log(bytes: Buffer): void {
    this.#eligible.push(this.#fakes.records.addRaw(bytes));
  }

  /** One byte of the first record, behind the back of its hash. */
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
        if (key) this.#fakes.signer.rotate(key);
        break;
      case 'clockForward':
      case 'clockBack':
        this.#clockOffsetMs += kind === 'clockForward' ? HOUR_MS : -HOUR_MS;
        break;
      case 'disaster':
        this.#scenario.disaster?.strike(this.#fakes);
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
      final: new Set([...GIVEN, ...(disaster?.codes ?? [])]),
      inTurns,
      seam: this.#seam,
      change: (kind) => this.#change(kind),
      observe: (effect) => this.#watch.see(effect),
      onHistory: (payload) => this.#watch.hear(payload),
    });
    this.#calls = () => world.network.calls;
    return world;
  }

  #inPeace(inputs: readonly AuditSnapshotInput[]): Promise<readonly JobEnd[]> {
    return this.#world({ ...this.#plan, order: 0, faults: [] }).run(inputs);
  }

  /** A later job over everything: it seals what came late, and nothing else. */
  async #sweep(): Promise<readonly JobEnd[]> {
    const left = this.#eligible.some((id) => this.#fakes.records.sealedBy(id) === undefined);
    return left ? this.#inPeace([SWEEP]) : [];
  }

  async #judge(ends: readonly JobEnd[], compared: boolean): Promise<void> {
    const { broken } = this.#watch;
    for (const what of await brokenAtRest(await this.#rest(ends))) broken.add(what);
    if (compared) await this.#compareManifest();
    const before = this.#fingerprint();
    const again = ends.filter(({ result }) => result !== undefined).map(({ jobId }) => jobId);
    await this.#inPeace(this.#scenario.jobs.filter(({ jobId }) => again.includes(jobId)));
    if (this.#fingerprint() !== before) broken.add('a second run of the job writes something');
  }

  /** Behind what cannot be mended a job says so, loudly; what was sealed before still verifies. */
  async #judgeDisaster(ends: readonly JobEnd[]): Promise<void> {
    const { records, jobs } = this.#fakes;
    const { broken } = this.#watch;
    for (const { jobId, code } of ends) {
      const job = jobs.jobs.get(jobId);
      if (code === undefined) continue;
      if (job?.status !== 'failed' || job.error?.code !== code)
        broken.add(`job ${jobId} ended with ${code} and is reported as ${job?.status} ${job?.error?.code}`);
    }
    for (const [id, times] of records.markCounts)
      if (times !== 1) broken.add(`record ${id} was marked ${times} times`);
    for (const { jobId, result } of ends)
      if (result && !records.ids().some((id) => records.sealedBy(id) === snapshotIdOf(jobId)))
        broken.add(`job ${jobId} succeeded and marked nothing`);
    const snapshotIds = [snapshotIdOf(this.#scenario.earlier!.jobId)];
    const trust = await this.#trust();
    const { report } = await verifyEvidence(this.#reader, { trust, found: [], snapshotIds });
    if (report.verdict !== 'VERIFIED') broken.add(`what was sealed before is ${report.verdict}`);
  }

  /** Without the key, where that was rotated: which version signs is decided when a snapshot is opened. */
  async #compareManifest(): Promise<void> {
    const { scenario, faults } = this.#plan;
    const has = (kind: FaultKind): boolean => faults.some((fault) => fault.kind === kind);
    if (this.#scenario.jobs.length > 1 || has('lateRecord')) return;
    const own = await this.manifest();
    const clean = await (undisturbed.get(scenario) ?? cleanManifest(scenario));
    const shown = (text: string | undefined): string | undefined =>
      has('keyRotated') ? text?.replace(/"key":\{[^}]*\}/, '') : text;
    if (shown(own) !== shown(clean))
      this.#watch.broken.add('the manifest is not the one of an undisturbed run');
  }

  manifest(): Promise<string | undefined> {
    return compareOnce(this.#reader, snapshotIdOf(this.#scenario.jobs[0]!.jobId));
  }

  async #trust(): Promise<TrustFile> {
    return trustOnce(this.#deps.settings.origin, await this.#fakes.signer.listKeys());
  }

  async #rest(ends: readonly JobEnd[]): Promise<RestingState> {
    const { records, store, ledger, assets, jobs, leases, workflowStatus } = this.#fakes;
    const given = new Set(ends.filter(({ result }) => result === undefined).map(({ jobId }) => jobId));
    const held = await Promise.all(ends.map(({ jobId }) => leases.find(snapshotIdOf(jobId))));
    const sealed =
      !this.#scenario.tampered || given.size === 0 || ends.some(({ jobId }) => jobId === SWEEP.jobId);
    return {
      eligible: sealed ? this.#eligible : [],
      marks: new Map(
        this.#eligible.map((id) => [
          id,
          { snapshotId: records.sealedBy(id), times: records.markCounts.get(id) ?? 0 },
        ]),
      ),
      versions: new Map(store.keys().map((key) => [key, store.versions(key).length])),
      reader: this.#reader,
      trust: await this.#trust(),
      examine: examineOnce,
      ledger: ledger.leaves.map(({ entry }) => entry),
      assets: [...assets.assets.values()],
      auditEntries: records
        .ids()
        .filter((id) => !this.#eligible.includes(id))
        .map((id) => mongo.BSON.deserialize(records.read(id)!))
        .filter((record) => record['action'] === 'snapshot.created')
        .map((record) => String(record['resourceId'])),
      jobs: jobs.jobs,
      given,
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

/** The manifest of a run that nothing strikes; that run alone is compared with none. */
function cleanManifest(scenario: ScenarioName): Promise<string | undefined> {
  const house = new Simulation({ scenario, order: 0, faults: [] });
  const made = house.run(false).then(() => house.manifest());
  undisturbed.set(scenario, made);
  return made;
}
