import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type {
  AuditScheduleInput,
  NextWindow,
  PlannedSnapshot,
  ContinuedSchedule,
  ScheduleProgress,
  ScheduleStage,
  ScheduleTally,
  SealedWindow,
} from '../../src/contract/schedule';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';

/** Windows that progress and result list; the counts know them all. */
const MAX_LISTED = 30;

/** The one place that knows how far a run of a schedule is; every change is published. */
export class ScheduleProgressTracker {
  #progress: ScheduleProgress;
  #published = '';
  /** Begin of the first window of this run, for the search attribute: the list of windows forgets it. */
  #from: string | undefined;

  constructor(input: AuditScheduleInput, nominalTime: string, continued: ContinuedSchedule | undefined) {
    this.#from = continued?.firstSealed ?? undefined;
    const nothing = { windowCount: 0, recordCount: 0, findingCount: 0, windows: [], lateCount: 0, late: [] };
    this.#progress = {
      stage: 'planning',
      scheduleId: input.scheduleId,
      nominalTime,
      target: null,
      sealedUntil: continued?.sealed?.until ?? null,
      left: 0,
      ...(continued?.tally ?? nothing),
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

  aimAt(target: string | null): void {
    this.#set({ target });
  }

  settle(settledAt: string): void {
    this.#set({ stage: 'settling', settledAt });
  }

  plan({ sealed, next, left }: NextWindow): void {
    const { current: _former, settledAt: _settled, ...progress } = this.#progress;
    this.#progress = progress;
    this.#from ??= next?.window.from;
    const current = next === null ? {} : { current: { jobId: next.jobId, window: next.window } };
    this.#set({ stage: 'sealing', sealedUntil: sealed?.until ?? null, left, ...current });
  }

  seal(planned: PlannedSnapshot, result: AuditSnapshotResult): void {
    const { windowCount, windows, recordCount, findingCount } = this.#progress;
    this.#set({
      windowCount: windowCount + 1,
      windows: [...windows, sealedWindow(planned, result)].slice(-MAX_LISTED),
      recordCount: recordCount + result.recordCount,
      findingCount: findingCount + result.findingCount,
    });
  }

  sealLate(planned: PlannedSnapshot, result: AuditSnapshotResult): void {
    const { lateCount, late, findingCount } = this.#progress;
    this.#set({
      lateCount: lateCount + result.recordCount,
      late: [...late, sealedWindow(planned, result)].slice(-MAX_LISTED),
      findingCount: findingCount + result.findingCount,
    });
  }

  fail(failure: string): void {
    this.#set({ stage: 'failed', failure });
  }

  #set(change: Partial<ScheduleProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    setCurrentDetails(describe(this.#progress));
    const attributes = searchAttributesOf(this.#progress, this.#from);
    const text = JSON.stringify(attributes);
    // Each upsert is an event in the history.
    if (text !== this.#published) upsertSearchAttributes(attributes);
    this.#published = text;
  }
}

function sealedWindow(
  { jobId, window }: PlannedSnapshot,
  { recordCount }: AuditSnapshotResult,
): SealedWindow {
  return { jobId, window, recordCount };
}

/** The stretch that a run has sealed, or is to seal, and its sums. */
function searchAttributesOf(
  { stage, target, recordCount, findingCount, lateCount }: ScheduleProgress,
  from: string | undefined,
): Record<string, string[] | number[] | Date[]> {
  return {
    AuditStage: [stage],
    ...(from === undefined ? {} : { AuditWindowFrom: [new Date(from)] }),
    ...(target === null ? {} : { AuditWindowTo: [new Date(Date.parse(target) - 1)] }),
    AuditRecordCount: [recordCount],
    AuditFindings: [findingCount],
    AuditLateCount: [lateCount],
  };
}

/** The current details of a run in the Web UI, in Temporal's Markdown. */
function describe(progress: ScheduleProgress): string {
  const { stage, scheduleId, nominalTime, target, sealedUntil, left, current, settledAt } = progress;
  const aim = target === null ? 'no window has ended yet' : `everything before ${target} is to be sealed`;
  const lines = [
    `**${stage}** · schedule \`${scheduleId}\` · run for ${nominalTime} · ${aim}`,
    '',
    `- sealed without a gap until ${sealedUntil ?? 'now: nothing that is known'}`,
    `- windows: ${progress.windowCount} sealed, ${left} left; ${progress.recordCount} records`,
    `- late records: ${progress.lateCount}; findings: ${progress.findingCount}`,
  ];
  if (settledAt !== undefined) lines.push(`- waiting for writers that are behind until ${settledAt}`);
  if (current !== undefined)
    lines.push(`- now: ${current.window.from} → ${current.window.to}, job \`${current.jobId}\``);
  for (const { jobId, window, recordCount } of progress.windows.slice(-10))
    lines.push(`- ${window.from} → ${window.to}: ${recordCount} records, job \`${jobId}\``);
  for (const { jobId, window, recordCount } of progress.late)
    lines.push(`- late, ${window.from} → ${window.to}: ${recordCount} records, job \`${jobId}\``);
  if (progress.failure !== undefined) lines.push('', `failed: ${progress.failure}`);
  return lines.join('\n');
}
