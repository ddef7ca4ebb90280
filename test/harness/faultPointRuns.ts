import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { ALL_DAYS, type FaultPoint } from './faultPoints';
import { comparableManifest, findViolations } from './invariants';
import { readQuiescentState } from './quiescentState';
import { WorkerHarness } from './workerHarness';

/** Three chunks each. */
const RECORDS = 7;

/** How a run ends: its counts, and its manifest in the form of {@link comparableManifest}. */
interface RunOutcome extends Pick<AuditSnapshotResult, 'recordCount' | 'findingCount' | 'conflictCount'> {
  readonly manifest: string | undefined;
}

/** A job for every fault point, each over records of its own, the outcome of a run without faults, and a worker. */
export class FaultPointRuns {
  readonly harness: WorkerHarness;
  readonly #points: readonly FaultPoint[];
  readonly #expectedManifests: ReadonlyMap<string, string | undefined>;
  readonly #results = new Map<string, AuditSnapshotResult>();

  private constructor(
    harness: WorkerHarness,
    points: readonly FaultPoint[],
    expectedManifests: ReadonlyMap<string, string | undefined>,
  ) {
    this.harness = harness;
    this.#points = points;
    this.#expectedManifests = expectedManifests;
  }

  static async open(points: readonly FaultPoint[]): Promise<FaultPointRuns> {
    const harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await Promise.all(points.map(({ input }, seed) => harness.log(RECORDS, input, seed)));
    const expectedManifests = new Map<string, string | undefined>();
    for (const { input } of points)
      expectedManifests.set(input.jobId, await harness.faultFreeManifest(input));
    await harness.startWorker();
    return new FaultPointRuns(harness, points, expectedManifests);
  }

  /** Runs the job of every fault point side by side; `run` intervenes and resolves to the result of the job. */
  async runEach(run: (point: FaultPoint) => Promise<AuditSnapshotResult>): Promise<void> {
    await Promise.all(
      this.#points.map(async (point) => this.#results.set(point.input.jobId, await run(point))),
    );
  }

  /** The outcome of a run without faults. */
  expectedOutcome({ input: { jobId } }: FaultPoint): RunOutcome {
    const manifest = this.#expectedManifests.get(jobId);
    return { recordCount: RECORDS, findingCount: 0, conflictCount: 0, manifest };
  }

  async actualOutcome({ input: { jobId } }: FaultPoint): Promise<RunOutcome> {
    const result = this.#results.get(jobId);
    if (!result) throw new Error(`job ${jobId} has not ended`);
    const { recordCount, findingCount, conflictCount } = result;
    const reader = bucketReader(this.harness.deps.store);
    const manifest = await comparableManifest(reader, snapshotIdOf(jobId));
    return { recordCount, findingCount, conflictCount, manifest };
  }

  /** Invariants that do not hold once all jobs have ended, in words. */
  async violations(): Promise<readonly string[]> {
    const jobs = this.#points.map(({ input }) => input.jobId);
    return findViolations(await readQuiescentState({ env: this.harness.env, window: ALL_DAYS, jobs }));
  }
}
