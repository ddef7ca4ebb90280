import type {
  AuditScheduleInput,
  ContinuedSchedule,
  NextWindow,
  PlannedSnapshot,
  ScheduleProgress,
  ScheduleStage,
  ScheduleTally,
  SealedWindow,
} from '../../src/contract/schedule';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { progressPublisher } from '../progress/publishProgress';
import { SCHEDULE_VIEW } from './progressView';

/** Windows that progress and result list; the counts cover all. */
const MAX_LISTED = 30;

const EMPTY_TALLY: ScheduleTally = {
  windowCount: 0,
  recordCount: 0,
  findingCount: 0,
  windows: [],
  lateCount: 0,
  late: [],
};

/** Keeps the progress of a run of auditScheduleWorkflow and publishes every change. */
export class ScheduleProgressTracker {
  readonly #publish = progressPublisher(SCHEDULE_VIEW);
  #progress: ScheduleProgress;
  /** Start of the first window of this run, for the search attributes. */
  #firstFrom: string | undefined;

  constructor(input: AuditScheduleInput, nominalTime: string, continued: ContinuedSchedule | undefined) {
    this.#firstFrom = continued?.firstSealed ?? undefined;
    this.#progress = {
      stage: 'planning',
      scheduleId: input.scheduleId,
      nominalTime,
      target: null,
      sealedUntil: continued?.sealed?.until ?? null,
      left: 0,
      ...(continued?.tally ?? EMPTY_TALLY),
    };
  }

  get progress(): ScheduleProgress {
    return this.#progress;
  }

  get tally(): ScheduleTally {
    const { windowCount, recordCount, findingCount, windows, lateCount, late } = this.#progress;
    return { windowCount, recordCount, findingCount, windows, lateCount, late };
  }

  enter(stage: ScheduleStage): void {
    this.#set({ stage });
  }

  resolved(target: string | null): void {
    this.#set({ target });
  }

  settling(settledAt: string): void {
    this.#set({ stage: 'settling', settledAt });
  }

  planned({ sealed, next, left }: NextWindow): void {
    const { current: _previous, settledAt: _settled, ...progress } = this.#progress;
    this.#progress = progress;
    this.#firstFrom ??= next?.window.from;
    const current = next === null ? {} : { current: { jobId: next.jobId, window: next.window } };
    this.#set({ stage: 'sealing', sealedUntil: sealed?.until ?? null, left, ...current });
  }

  sealed(planned: PlannedSnapshot, result: AuditSnapshotResult): void {
    const { windowCount, windows, recordCount, findingCount } = this.#progress;
    this.#set({
      windowCount: windowCount + 1,
      windows: append(windows, planned, result),
      recordCount: recordCount + result.recordCount,
      findingCount: findingCount + result.findingCount,
    });
  }

  sealedLate(planned: PlannedSnapshot, result: AuditSnapshotResult): void {
    const { lateCount, late, findingCount } = this.#progress;
    this.#set({
      lateCount: lateCount + result.recordCount,
      late: append(late, planned, result),
      findingCount: findingCount + result.findingCount,
    });
  }

  failed(failure: string): void {
    this.#set({ stage: 'failed', failure });
  }

  #set(change: Partial<ScheduleProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#publish({ progress: this.#progress, firstFrom: this.#firstFrom });
  }
}

function append(
  windows: readonly SealedWindow[],
  { jobId, window }: PlannedSnapshot,
  { recordCount }: AuditSnapshotResult,
): readonly SealedWindow[] {
  return [...windows, { jobId, window, recordCount }].slice(-MAX_LISTED);
}
