import { bucketReader } from '../../src/verify/evidenceReaders';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { brokenAtRest, comparableManifest } from '../simulation/invariants';
import { ALL_DAYS, type Place } from './recordPlaces';
import { readRestingState } from './restingState';
import { WorkerHarness } from './workerHarness';

/** Three chunks each. */
const RECORDS = 7;

/** How a run ends: what it counted, and its manifest without what storage and the moment of opening choose. */
interface End extends Pick<AuditSnapshotResult, 'recordCount' | 'findingCount' | 'conflictCount'> {
  readonly manifest: string | undefined;
}

/** A job for every place, each over records of its own, with what an undisturbed run of it would make; and a worker. */
export class FaultPointRuns {
  readonly workshop: WorkerHarness;
  readonly #places: readonly Place[];
  readonly #undisturbed: ReadonlyMap<string, string | undefined>;
  readonly #results = new Map<string, AuditSnapshotResult>();

  private constructor(
    workshop: WorkerHarness,
    places: readonly Place[],
    undisturbed: ReadonlyMap<string, string | undefined>,
  ) {
    this.workshop = workshop;
    this.#places = places;
    this.#undisturbed = undisturbed;
  }

  static async open(places: readonly Place[]): Promise<FaultPointRuns> {
    const workshop = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await Promise.all(places.map(({ input }, seed) => workshop.log(RECORDS, input, seed)));
    const undisturbed = new Map<string, string | undefined>();
    for (const { input } of places) undisturbed.set(input.jobId, await workshop.undisturbedManifest(input));
    await workshop.startWorker();
    return new FaultPointRuns(workshop, places, undisturbed);
  }

  /** Does something to the run of every place, side by side; it answers with what that run ends with. */
  async disturb(act: (place: Place) => Promise<AuditSnapshotResult>): Promise<void> {
    await Promise.all(
      this.#places.map(async (place) => this.#results.set(place.input.jobId, await act(place))),
    );
  }

  /** What the run of a place has to end with. */
  undisturbed({ input: { jobId } }: Place): End {
    const manifest = this.#undisturbed.get(jobId);
    return { recordCount: RECORDS, findingCount: 0, conflictCount: 0, manifest };
  }

  /** What it did end with. */
  async end({ input: { jobId } }: Place): Promise<End> {
    const result = this.#results.get(jobId);
    if (!result) throw new Error(`job ${jobId} has not ended`);
    const { recordCount, findingCount, conflictCount } = result;
    const reader = bucketReader(this.workshop.deps.store);
    const manifest = await comparableManifest(reader, snapshotIdOf(jobId));
    return { recordCount, findingCount, conflictCount, manifest };
  }

  /** What is not as it must be when all is over, in words. */
  async broken(): Promise<readonly string[]> {
    const jobs = this.#places.map(({ input }) => input.jobId);
    return brokenAtRest(await readRestingState({ env: this.workshop.env, window: ALL_DAYS, jobs }));
  }
}
