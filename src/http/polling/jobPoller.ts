import type { JobStatus } from '../../contract/jobStatus';
import type { Progress } from '../../contract/snapshot';
import type { Job } from '../../ports/jobStore';

/** A job and its progress at one moment. */
export interface JobState {
  readonly job: Job;
  /** Of a running job, when its workflow answers at once. */
  readonly progress: Progress | undefined;
}

export interface PollerDeps {
  readonly nowMs: () => number;
  /** JOB_NOT_FOUND. */
  readonly loadJobState: (jobId: string) => Promise<JobState>;
  /** Resolves after that time, or as soon as the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What the followers of one job share. */
interface PollEntry {
  followers: number;
  loadedAtMs: number;
  state: Promise<JobState>;
}

const ENDED: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'cancelled']);
const POLL_INTERVAL_MS = 500;

/** True for a job that will not change any more unless it is retried. */
export function hasEnded({ status }: Job): boolean {
  return ENDED.has(status);
}

/** Polls jobs for streams and long polls: a job is loaded once in half a second, however many follow it. */
export class JobPoller {
  readonly #deps: PollerDeps;
  readonly #entries = new Map<string, PollEntry>();

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  /** Yields the state of the job at once and then at every poll, until it has ended or the signal is aborted. JOB_NOT_FOUND. */
  async *follow(jobId: string, signal: AbortSignal): AsyncGenerator<JobState, void, undefined> {
    const entry = this.#entries.get(jobId) ?? this.#addEntry(jobId);
    entry.followers++;
    try {
      for (;;) {
        const state = await entry.state;
        yield state;
        if (hasEnded(state.job) || signal.aborted) return;
        await this.#deps.pause(POLL_INTERVAL_MS, signal);
        if (signal.aborted) return;
        if (this.#deps.nowMs() - entry.loadedAtMs >= POLL_INTERVAL_MS) this.#reload(jobId, entry);
      }
    } finally {
      if (--entry.followers === 0) this.#entries.delete(jobId);
    }
  }

  #addEntry(jobId: string): PollEntry {
    const { nowMs, loadJobState } = this.#deps;
    const entry = { followers: 0, loadedAtMs: nowMs(), state: loadJobState(jobId) };
    this.#entries.set(jobId, entry);
    return entry;
  }

  #reload(jobId: string, entry: PollEntry): void {
    entry.loadedAtMs = this.#deps.nowMs();
    entry.state = this.#deps.loadJobState(jobId);
  }
}
