import type { HashState, OpenedSnapshot } from '../../src/contract/activities';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult, ContinuedState, Progress, Stage } from '../../src/contract/snapshot';
import type { CheckedInput } from './checkInput';
import { DurableProgress } from './durableProgress';
import type { WorkflowEngine } from './workflowEngine';

/** Keeps the progress of a run of auditSnapshotWorkflow and publishes every change. */
export class SnapshotProgressTracker {
  readonly #engine: WorkflowEngine;
  #progress: Progress;
  /** What attempts have made durable, for the policy of attempts. */
  readonly durable: DurableProgress;

  constructor(engine: WorkflowEngine, input: CheckedInput, continued?: ContinuedState) {
    this.#engine = engine;
    this.durable = new DurableProgress(continued?.reachedBefore);
    this.#progress = {
      stage: 'opening',
      jobId: input.jobId,
      snapshotId: snapshotIdOf(input.jobId),
      window: { from: input.from, to: input.to },
      attempt: 1,
      maxAttempts: input.maxAttempts,
      stored: 0,
      hashed: 0,
      marked: 0,
      chunks: 0,
      findings: 0,
    };
  }

  get progress(): Progress {
    return this.#progress;
  }

  enter(stage: Stage): void {
    this.durable.entered(stage);
    this.#set({ stage });
  }

  beginAttempt(attempt: number, idleAttempts: number, lastFailure?: string): void {
    this.#set({
      stage: 'opening',
      attempt,
      idleAttempts,
      ...(lastFailure === undefined ? {} : { lastFailure }),
    });
  }

  opened(opened: OpenedSnapshot & { state: 'open' }): void {
    const { hash, nextIndex } = opened.checkpoint;
    this.durable.opened(hash.range.end, opened.marks.chunks);
    // Records that an earlier run marked are no longer unsealed, so they are added.
    const { expected: unsealed } = opened;
    const expected =
      unsealed === null ? {} : { expected: Math.max(unsealed + opened.marks.records, hash.range.end) };
    this.#set({
      ...expected,
      stored: hash.range.end,
      hashed: hash.range.end,
      marked: opened.marks.records,
      chunks: nextIndex,
      findings: hash.findingCount,
    });
  }

  stored(records: number): void {
    const stored = this.#progress.stored + records;
    this.#set({ stored, chunks: this.#progress.chunks + 1 });
  }

  hashedTo(hash: HashState): void {
    this.durable.hashed(hash.range.end);
    this.#set({ hashed: hash.range.end, findings: hash.findingCount });
  }

  /** The number of records is final from here on. */
  settled(records: number): void {
    this.#set({ expected: records });
  }

  /** `chunks`: all up to this one are marked. */
  marked(records: number, chunks: number): void {
    this.durable.marked(chunks);
    this.#set({ marked: this.#progress.marked + records });
  }

  finished(result: AuditSnapshotResult): void {
    const { recordCount, findingCount, lateCount } = result;
    this.#set({
      stage: 'done',
      hashed: recordCount,
      marked: recordCount - result.conflictCount,
      findings: findingCount,
      late: lateCount,
    });
  }

  #set(change: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#engine.publish(this.#progress);
  }
}
