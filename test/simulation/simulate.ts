import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { TrustFile } from '../../src/evidence/trustFile';
import type { SealingDeps } from '../../src/sealing/deps';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { FakeDeps } from '../harness/fakeDeps';
import { findViolations, type QuiescentState } from '../harness/invariants';
import { InvariantMonitor } from './invariantMonitor';
import { memoizedManifest, memoizedTrustFile } from './memoizedInvariants';
import type { FaultKind, Plan, ScenarioName } from './plan';
import type { PlantedBug } from './plantedBug';
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
import { recordServerAnswers, type ServerAnswers } from './serverAnswers';
import type { Change, Effect } from './simulatedNetwork';
import { fingerprintOf, quiescentStateOf, readerOf } from './simulatedState';
import { VirtualTime } from './virtualTime';
import { World, type JobEnding } from './world';

const START_MS = Date.parse('2026-06-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;
/** Faults after which the same call succeeds: the activity is repeated, and the attempt of the job continues. */
const PASSING: readonly FaultKind[] = [
  'lost',
  'unacknowledged',
  'silent',
  'stalled',
  'overloaded',
  'outdated',
  'standby',
  'full',
  'htmlError',
  'cutError',
  'emptyError',
];
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
  const result = await new Simulation(plan, await recordServerAnswers(), bug).run();
  // Between two simulations the event loop serves everything else.
  await new Promise(setImmediate);
  return result;
}

/** The manifest of a run without faults, by scenario. */
const faultFreeManifests = new Map<ScenarioName, Promise<string | undefined>>();

class Simulation {
  readonly #plan: Plan;
  readonly #answers: ServerAnswers;
  readonly #scenario: Scenario;
  readonly #bug: PlantedBug | undefined;
  readonly #time = new VirtualTime(START_MS);
  readonly #fakes = new FakeDeps(KEYS[0]);
  readonly #deps: SealingDeps;
  readonly #monitor = new InvariantMonitor(this.#fakes, CONTENT);
  readonly #eligible: string[] = [];
  readonly #late = [...LATE];
  readonly #spareKeys = KEYS.slice(1, -1);
  readonly #reader: EvidenceReader;
  readonly #clockReads = new Set<number>();
  #clockOffsetMs = 0;
  /** Snapshots whose signing has begun: from then on they can only be finished. */
  readonly #signing = new Set<unknown>();
  /** The call at which the disaster occurred. */
  #disasterAt: number | undefined;
  #calls = (): number => 0;

  constructor(plan: Plan, answers: ServerAnswers, bug?: PlantedBug) {
    this.#plan = plan;
    this.#answers = answers;
    this.#scenario = SCENARIO[plan.scenario];
    this.#bug = bug;
    const { records, tampered, timestamped, earlier } = this.#scenario;
    const settings = { ...this.#fakes.settings, chunkLimits: { maxRecords: 2, maxBytes: 1 << 20 } };
    if (timestamped) this.#fakes.timestamper = fakeTimestamper();
    const clock = { nowMs: () => this.#readClock() };
    this.#deps = Object.assign({}, this.#fakes, { clock, settings });
    this.#reader = readerOf(this.#fakes);
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
    this.#checkAttempts(endings);
    disaster?.lift?.(this.#fakes);
    this.#disasterAt = undefined;
    if (disaster) await this.#checkDisaster(endings);
    if (disaster?.lift) {
      const finished = await this.#runFaultFree(jobs);
      await this.#check([...before, ...finished, ...(await this.#sweep())], compared);
    } else if (!disaster) await this.#check([...before, ...endings, ...(await this.#sweep())], compared);
    return { violations: [...this.#monitor.violations], calls, fired, sites, clockReads: this.#clockReads };
  }

  #readClock(): number {
    this.#clockReads.add(this.#calls());
    return this.#time.nowMs() + this.#clockOffsetMs;
  }

  /** What finishing needs is tried first: an attempt that finds it missing does not begin to sign. */
  async #observe(effect: Effect): Promise<void> {
    const { site, args, attemptFrom } = effect;
    if (site === 'leases.beginSigning' && !this.#signing.has(args[0])) {
      this.#signing.add(args[0]);
      if (this.#scenario.disaster?.lift && attemptFrom >= (this.#disasterAt ?? Number.POSITIVE_INFINITY))
        this.#monitor.violations.add(`signing of ${String(args[0])} began after the rights were lost`);
    }
    await this.#monitor.onEffect(effect);
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
    // The clock of the signer, which dates its versions.
    this.#fakes.clock.advance(this.#time.nowMs() - this.#fakes.clock.nowMs());
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
        this.#scenario.disaster?.inject(this.#fakes);
        this.#disasterAt ??= this.#calls();
        break;
    }
  }

  #world(plan: Plan): World {
    const { continueAfter, inTurns = false, disaster } = this.#scenario;
    const world = new World({
      plan,
      answers: this.#answers,
      time: this.#time,
      deps: this.#deps,
      open: this.#fakes.workflowStatus.open,
      ...(continueAfter === undefined ? {} : { continueAfter }),
      finalCodes: new Set([...FINAL_CODES, ...(disaster?.codes ?? [])]),
      inTurns,
      bug: this.#bug,
      change: (kind) => this.#change(kind),
      observe: (effect) => this.#observe(effect),
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
    for (const violation of await findViolations(await this.#state(endings))) violations.add(violation);
    if (compared) await this.#compareManifest();
    const before = fingerprintOf(this.#fakes);
    const succeeded = endings.filter(({ result }) => result !== undefined).map(({ jobId }) => jobId);
    await this.#runFaultFree(this.#scenario.jobs.filter(({ jobId }) => succeeded.includes(jobId)));
    if (fingerprintOf(this.#fakes) !== before) violations.add('a second run of the job writes something');
  }

  /** A fault that passes costs no attempt of a job; where jobs want the same window, one of them waits. */
  #checkAttempts(endings: readonly JobEnding[]): void {
    const passing = this.#plan.faults.every(({ kind }) => PASSING.includes(kind));
    if (!passing || this.#scenario.jobs.length > 1) return;
    for (const { jobId, runs, attempts, result } of endings)
      if (result && (runs > 1 || attempts > 1))
        this.#monitor.violations.add(`job ${jobId} needed ${runs} runs and ${attempts} attempts`);
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
      // A report that is refused leaves the job as it was; the next run reports it.
      if (code === undefined || this.#plan.faults.some(({ kind }) => kind === 'denied')) continue;
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

  async #state(endings: readonly JobEnding[]): Promise<QuiescentState> {
    const failed = endings.some(({ result }) => result === undefined);
    const swept = endings.some(({ jobId }) => jobId === SWEEP.jobId);
    const sealed = !this.#scenario.tampered || !failed || swept;
    const eligible = this.#eligible;
    return quiescentStateOf(this.#fakes, endings, eligible, sealed, {
      reader: this.#reader,
      trust: await this.#trust(),
    });
  }

  async #trust(): Promise<TrustFile> {
    return memoizedTrustFile(this.#deps.settings.origin, await this.#fakes.signer.listKeys());
  }
}

/** Runs a scenario without faults; that run itself is compared with no manifest. */
function makeFaultFreeManifest(scenario: ScenarioName): Promise<string | undefined> {
  const made = recordServerAnswers().then(async (answers) => {
    const simulation = new Simulation({ scenario, order: 0, faults: [] }, answers);
    await simulation.run(false);
    return simulation.manifest();
  });
  faultFreeManifests.set(scenario, made);
  return made;
}
