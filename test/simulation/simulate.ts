import { generateKeyPairSync } from 'node:crypto';
import { mongo } from 'mongoose';
import type { ActivityDeps } from '../../activities/deps';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { EvidenceReader } from '../../src/evidence/evidenceReader';
import { manifestSignatureKey } from '../../src/evidence/objectKeys';
import { buildEntry } from '../../src/services/auditEntry';
import { FakeDeps } from '../support/fakeDeps';
import type { FakeObjectStore } from '../support/fakes/fakeObjectStore';
import { brokenAtRest, type RestingState } from './invariants';
import type { Port } from './network';
import type { Plan, ScenarioName } from './plan';
import { compareOnce, examineOnce, trustOnce } from './rememberedJudgement';
import { VirtualTime } from './virtualTime';
import { World, type JobEnd, type Seam } from './world';

const START_MS = Date.parse('2026-06-01T00:00:00.000Z');
const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const KEY = generateKeyPairSync('ed25519');

interface Scenario {
  readonly records: number;
  readonly jobs: readonly AuditSnapshotInput[];
  readonly continueAfter?: number;
  /** Whether one record no longer matches its own hash. */
  readonly tampered?: boolean;
}

const ONE = { jobId: 'job-1', ...WINDOW };

const SCENARIO: Readonly<Record<ScenarioName, Scenario>> = {
  one: { records: 3, jobs: [ONE] },
  empty: { records: 0, jobs: [ONE] },
  overlapping: {
    records: 5,
    jobs: [ONE, { jobId: 'job-2', from: '2026-03-01T00:00:01.000Z', to: '2026-03-02T00:00:00.000Z' }],
  },
  sideBySide: {
    records: 3,
    jobs: ['00', '01', '02'].map((second) => ({
      jobId: `job-${second}`,
      from: `2026-03-01T00:00:${second}.000Z`,
      to: `2026-03-01T00:00:${second}.999Z`,
    })),
  },
  continued: { records: 5, jobs: [ONE], continueAfter: 2 },
  tampered: { records: 3, jobs: [{ ...ONE, onTamper: 'fail' }], tampered: true },
};

/** The records of every simulation: the same bytes each time, so that what is sealed can be compared. */
const RECORDS = Array.from({ length: 6 }, (_, place) => recordOf(place));
/** A record that arrives late: in front of everything that is sealed in order. */
const LATE = Array.from({ length: 6 }, (_, place) => recordOf(100 + place, 500));

function recordOf(place: number, offsetMs = place * 1000): Buffer {
  const id = mongo.ObjectId.createFromHexString((place + 1).toString(16).padStart(24, '0'));
  const { document } = buildEntry(
    {
      resourceType: 'invoice',
      resourceId: `invoice-${place}`,
      action: 'invoice.updated',
      actorId: 'amélie',
      timestamp: new Date(Date.parse(WINDOW.from) + offsetMs),
    },
    id,
  );
  return Buffer.from(mongo.BSON.serialize(document));
}

export interface Simulated {
  /** What does not hold, in words; empty when everything does. */
  readonly broken: readonly string[];
  readonly calls: number;
  /** How often each call site was passed or struck. */
  readonly fired: ReadonlyMap<string, number>;
}

/** Runs a plan to its end and judges what is left. Nothing in it depends on anything but the plan. */
export async function simulate(plan: Plan, seam?: Seam): Promise<Simulated> {
  const house = new House(plan, seam);
  const { calls, fired } = await house.run();
  // Between two simulations the process may do what else it has to.
  await new Promise(setImmediate);
  return { broken: house.broken, calls, fired };
}

/** The manifest that a scenario makes when nothing happens to it. */
const undisturbed = new Map<ScenarioName, Promise<string | undefined>>();

class House {
  readonly broken: string[] = [];
  readonly #plan: Plan;
  readonly #scenario: Scenario;
  readonly #seam: Seam | undefined;
  readonly #time = new VirtualTime(START_MS);
  readonly #fakes = new FakeDeps(KEY);
  readonly #deps: ActivityDeps;
  readonly #eligible: string[] = [];
  readonly #late = [...LATE];
  readonly #reader: EvidenceReader;

  constructor(plan: Plan, seam?: Seam) {
    this.#plan = plan;
    this.#scenario = SCENARIO[plan.scenario];
    this.#seam = seam;
    const settings = { ...this.#fakes.settings, chunkLimits: { maxRecords: 2, maxBytes: 1 << 20 } };
    this.#deps = Object.assign({}, this.#fakes, { clock: this.#time, settings });
    const { store } = this.#fakes;
    this.#reader = {
      read: (key, version) => Promise.resolve(versionOf(store, key, version)?.body),
      readLock: (key, version) => Promise.resolve(versionOf(store, key, version)?.lock ?? 'no object'),
    };
    for (const bytes of RECORDS.slice(0, this.#scenario.records)) this.#log(bytes);
    if (this.#scenario.tampered) this.#tamper();
  }

  async run(): Promise<{ calls: number; fired: ReadonlyMap<string, number> }> {
    const { jobs, continueAfter } = this.#scenario;
    const world = this.#world(this.#plan, continueAfter);
    const ends = await world.run(jobs);
    const { calls, fired } = world.network;
    const sweep = await this.#sweep();
    await this.#judge([...ends, ...sweep]);
    return { calls, fired };
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

  #world(plan: Plan, continueAfter?: number): World {
    return new World({
      plan,
      time: this.#time,
      deps: this.#deps,
      open: this.#fakes.directory.open,
      ...(continueAfter === undefined ? {} : { continueAfter }),
      seam: this.#seam,
      logLateRecord: () => {
        const bytes = this.#late.shift();
        if (bytes) this.#log(bytes);
      },
      observe: (port, method) => this.#observe(port, method),
    });
  }

  /** A later job over everything: it seals what came late, and nothing else. */
  async #sweep(): Promise<readonly JobEnd[]> {
    const left = this.#eligible.some((id) => this.#fakes.records.sealedBy(id) === undefined);
    if (!left) return [];
    const input = { jobId: 'sweep', from: WINDOW.from, to: '2026-03-02T00:00:00.000Z' };
    return this.#world({ ...this.#plan, order: 0, faults: [] }).run([input]);
  }

  /** What must hold at every instant. */
  #observe(port: Port, method: string): void {
    const { records, store, jobs, snapshots, ledger } = this.#fakes;
    if (port === 'records' && method === 'updateLogImmutability') {
      for (const id of this.#eligible) {
        const owner = records.sealedBy(id);
        const signed = owner === undefined || store.versions(manifestSignatureKey(owner)).length > 0;
        if (!signed) this.#break(`record ${id} is marked before ${owner} is signed`);
      }
    }
    if (port === 'jobs' && method === 'report') {
      for (const [jobId, { status }] of jobs.jobs) {
        if (status !== 'succeeded') continue;
        const snapshotId = snapshotIdOf(jobId);
        const closed = snapshots.snapshots.get(snapshotId)?.result;
        const listed = ledger.leaves.some((leaf) => leaf.snapshotId === snapshotId);
        if (!closed || !listed) this.#break(`job ${jobId} is reported before its snapshot is closed`);
      }
    }
  }

  #break(what: string): void {
    if (!this.broken.includes(what)) this.broken.push(what);
  }

  async #judge(ends: readonly JobEnd[]): Promise<void> {
    for (const what of await brokenAtRest(await this.#rest(ends))) this.#break(what);
    await this.#compareManifest();
    const before = this.#fingerprint();
    const again = ends.filter(({ result }) => result !== undefined).map(({ jobId }) => jobId);
    const inputs = this.#scenario.jobs.filter(({ jobId }) => again.includes(jobId));
    await this.#world({ ...this.#plan, order: 0, faults: [] }).run(inputs);
    if (this.#fingerprint() !== before) this.#break('a second run of the job writes something');
  }

  async #compareManifest(): Promise<void> {
    const { scenario, faults } = this.#plan;
    if (this.#scenario.jobs.length > 1 || faults.some(({ kind }) => kind === 'lateRecord')) return;
    const own = await compareOnce(this.#reader, snapshotIdOf(ONE.jobId));
    if (faults.length === 0 && !this.#seam) undisturbed.set(scenario, Promise.resolve(own));
    const clean = undisturbed.get(scenario) ?? cleanManifest(scenario);
    if (own !== (await clean)) this.#break('the manifest is not the one of an undisturbed run');
  }

  manifest(): Promise<string | undefined> {
    return compareOnce(this.#reader, snapshotIdOf(ONE.jobId));
  }

  async #rest(ends: readonly JobEnd[]): Promise<RestingState> {
    const { records, store, ledger, assets, jobs, leases, directory } = this.#fakes;
    const given = new Set(ends.filter(({ result }) => result === undefined).map(({ jobId }) => jobId));
    const held = await Promise.all(ends.map(({ jobId }) => leases.find(snapshotIdOf(jobId))));
    const sealed =
      !this.#scenario.tampered || given.size === 0 || ends.some(({ jobId }) => jobId === 'sweep');
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
      trust: trustOnce(this.#deps.settings.origin, await this.#deps.signer.listKeys()),
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
      openWorkflows: [...directory.open],
    };
  }

  #fingerprint(): string {
    const { records, store, ledger, assets, jobs } = this.#fakes;
    return JSON.stringify([
      store.keys().map((key) => store.versions(key).length),
      records.ids().length,
      [...records.markCounts],
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

function cleanManifest(scenario: ScenarioName): Promise<string | undefined> {
  const made = (async () => {
    const house = new House({ scenario, order: 0, faults: [] });
    await house.run();
    return house.manifest();
  })();
  undisturbed.set(scenario, made);
  return made;
}
