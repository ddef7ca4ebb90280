import { SnapshotError } from '../../errors';
import type { Progress } from '../../contract/snapshot';
import type { JobStatus } from '../../contract/jobStatus';
import type { IJob } from '../../models/job.model';

/** A job as it is seen now. */
export interface JobState {
  readonly job: IJob;
  /** Of a running job, when its workflow answers at once. */
  readonly progress: Progress | undefined;
}

export interface WatchDeps {
  readonly nowMs: () => number;
  /** JOB_NOT_FOUND. */
  readonly see: (jobId: string) => Promise<JobState>;
  /** Ends after that time, or as soon as the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What those who follow one job share. */
interface PollEntry {
  followers: number;
  atMs: number;
  sighting: Promise<JobState>;
}

/** A place among those who wait. */
export interface WaitSlot {
  readonly signal: AbortSignal;
  readonly leave: () => void;
}

const ENDED: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'cancelled']);
const LOOK_EVERY_MS = 500;
/** Open streams and long polls: in all, and of one caller. */
const MAX_SEATS = 500;
const MAX_SEATS_EACH = 100;

export function hasEnded({ status }: IJob): boolean {
  return ENDED.has(status);
}

/** Those who wait for jobs. However many wait for one, it is read once in half a second for all of them. */
export class JobPoller {
  readonly #deps: WatchDeps;
  readonly #looks = new Map<string, PollEntry>();
  readonly #seats = new Map<AbortController, string>();
  #closed = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** A place until `leave`, or until the service shuts down; OVERLOADED or RATE_LIMITED when there is none. */
  sit(callerName: string): WaitSlot {
    const others = [...this.#seats.values()];
    if (others.length >= MAX_SEATS) {
      throw new SnapshotError('OVERLOADED', 'too many streams are open; come back later', {
        retryable: true,
      });
    }
    if (others.filter((name) => name === callerName).length >= MAX_SEATS_EACH) {
      const message = `${callerName} has ${MAX_SEATS_EACH} streams and long polls open already; close some`;
      throw new SnapshotError('RATE_LIMITED', message, { retryable: true });
    }
    const stop = new AbortController();
    if (this.#closed) stop.abort();
    else this.#seats.set(stop, callerName);
    const leave = () => {
      this.#seats.delete(stop);
      stop.abort();
    };
    return { signal: stop.signal, leave };
  }

  /** The job again and again, until it has ended or the signal is aborted; the first look is at once. */
  async *follow(jobId: string, signal: AbortSignal): AsyncGenerator<JobState> {
    const look = this.#looks.get(jobId) ?? this.#begin(jobId);
    look.followers++;
    try {
      for (;;) {
        const sighting = await look.sighting;
        yield sighting;
        if (hasEnded(sighting.job) || signal.aborted) return;
        await this.#deps.pause(LOOK_EVERY_MS, signal);
        if (signal.aborted) return;
        if (this.#deps.nowMs() - look.atMs >= LOOK_EVERY_MS) this.#refresh(jobId, look);
      }
    } finally {
      if (--look.followers === 0) this.#looks.delete(jobId);
    }
  }

  /** Sends everybody away, now and from now on. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#seats.keys()) stop.abort();
    this.#seats.clear();
  }

  #begin(jobId: string): PollEntry {
    const look = { followers: 0, atMs: this.#deps.nowMs(), sighting: this.#deps.see(jobId) };
    this.#looks.set(jobId, look);
    return look;
  }

  #refresh(jobId: string, look: PollEntry): void {
    look.atMs = this.#deps.nowMs();
    look.sighting = this.#deps.see(jobId);
  }
}
