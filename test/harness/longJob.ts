import { ApplicationFailure } from '@temporalio/common';
import type { AuditSnapshotInput, AuditSnapshotResult, Progress } from '../../src/contract/snapshot';
import { VirtualTime } from '../simulation/virtualTime';
import type { ActivityName } from './sealingActivities';
import { WorkflowRun, type ActivityInput, type ActivityOutput, type WorkflowHost } from './workflowRun';

const FROM = '2026-03-01T00:00:00.000Z';
const HASH = { range: { begin: 0, end: 0, hashes: [] }, digestState: '', findingCount: 0 };
const CHUNK = { key: 'chunk', versionId: 'v', sizeBytes: 1, sha256: '' };

export interface LongJobOptions {
  readonly records: number;
  readonly chunkRecords: number;
  /** Seconds that storing, hashing and marking one chunk take. */
  readonly storeSeconds: number;
  readonly hashSeconds: number;
  readonly markSeconds: number;
  /** Called before each activity with its chunk, or 0; what it throws fails the activity. */
  readonly before?: (name: ActivityName, chunk: number) => void;
  readonly continueAfter?: number;
}

/**
 * The real orchestration of a job on virtual time, with activities that only take as long as given: hours of sealing run in
 * seconds. What its activities made durable outlives attempts and runs.
 */
export class LongJob implements WorkflowHost {
  readonly time = new VirtualTime(Date.parse('2026-06-01T00:00:00.000Z'));
  /** Chunks that are hashed, and marked: the durable state. */
  hashed = 0;
  readonly marked = new Set<number>();
  readonly progress: Progress[] = [];
  executions = 0;
  readonly #options: LongJobOptions;
  readonly #chunkCount: number;

  constructor(options: LongJobOptions) {
    this.#options = options;
    this.#chunkCount = Math.ceil(options.records / options.chunkRecords);
  }

  /** Attempts that the last run began. */
  get attempts(): number {
    return this.progress.at(-1)?.attempt ?? 0;
  }

  async run(policy: Partial<AuditSnapshotInput> = {}): Promise<AuditSnapshotResult> {
    const { continueAfter } = this.#options;
    const run = new WorkflowRun(this, {
      onProgress: (progress) => void this.progress.push(progress),
      ...(continueAfter === undefined ? {} : { continueAfter }),
    });
    const state = { settled: false };
    const input = { jobId: 'long', from: FROM, to: '2026-03-31T23:59:59.999Z', ...policy };
    const result = run.run(input).finally(() => (state.settled = true));
    result.catch(() => undefined);
    while (!state.settled) {
      await new Promise(setImmediate);
      if (!state.settled && !this.time.fireNext()) throw new Error('nothing is left to happen');
    }
    this.executions = run.executions;
    return result;
  }

  nowMs(): number {
    return this.time.nowMs();
  }

  sleep(ms: number): Promise<void> {
    return this.time.sleep(ms);
  }

  after(ms: number, action: () => void): () => void {
    return this.time.after(ms, action);
  }

  async attempt<N extends ActivityName>(name: N, input: ActivityInput<N>): Promise<ActivityOutput<N>> {
    const { index = 0, chunk } = input as { readonly index?: number; readonly chunk?: { index: number } };
    const at = chunk?.index ?? index;
    try {
      this.#options.before?.(name, at);
    } catch (error) {
      throw ApplicationFailure.nonRetryable(String(error), 'STORAGE_FAILED');
    }
    const { storeSeconds, hashSeconds, markSeconds } = this.#options;
    const seconds: Partial<Record<ActivityName, number>> = {
      queryBatch: storeSeconds,
      hashBatch: hashSeconds,
      markImmutable: markSeconds,
    };
    await this.time.sleep((seconds[name] ?? 1) * 1000);
    return this.#output(name, at) as ActivityOutput<N>;
  }

  #output(name: ActivityName, at: number): unknown {
    const { records, chunkRecords } = this.#options;
    const count = Math.min(chunkRecords, records - at * chunkRecords);
    const cursor = { after: null, sliceMs: 60_000 };
    switch (name) {
      case 'openSnapshot':
        return this.#opened();
      case 'queryBatch': {
        const exhausted = at >= this.#chunkCount;
        return { chunk: exhausted ? null : { ...CHUNK, index: at, count }, cursor, exhausted };
      }
      case 'hashBatch':
        this.hashed = Math.max(this.hashed, at + 1);
        return this.#hashState();
      case 'sealManifest':
        return { recordCount: records, chunkCount: this.#chunkCount, findingCount: 0, manifestSha256: 'a' };
      case 'markImmutable':
        this.marked.add(at);
        return { index: at, count, conflicts: 0 };
      case 'recordSnapshot':
        return { recordCount: records, conflictCount: 0, findingCount: 0, lateCount: 0 };
      case 'releaseWindow':
        return { released: true };
      case 'signManifest':
      case 'registerAsset':
      case 'appendToLedger':
      case 'reportJob':
    }
    return { snapshotAssetId: 'asset', signature: '', keyVersion: 1, ledgerIndex: 0, ledgerSize: 1 };
  }

  #hashState() {
    const end = Math.min(this.#options.records, this.hashed * this.#options.chunkRecords);
    return { ...HASH, range: { ...HASH.range, end } };
  }

  #opened(): unknown {
    let chunks = 0;
    while (this.marked.has(chunks)) chunks++;
    const complete = this.hashed === this.#chunkCount;
    const cursor = { after: null, sliceMs: 60_000 };
    const checkpoint = { nextIndex: this.hashed, cursor, hash: this.#hashState(), complete };
    const marks = { chunks, records: chunks * this.#options.chunkRecords };
    return { state: 'open', snapshotId: 'snap-long', expected: null, checkpoint, signing: chunks > 0, marks };
  }
}
