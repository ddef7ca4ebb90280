import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { scanChunk, type ChunkScanner, type ScanResult, type ScanTask } from './scanChunk';

export interface ScanThreadsOptions {
  /** Besides the thread of the caller; default: one for each further processor. */
  readonly threads?: number;
  /** Arguments of Node for the threads; default: those of this process. */
  readonly execArgv?: string[];
}

const PROGRAM = join(__dirname, `scanThread${extname(__filename)}`);

/**
 * Scans chunks in threads, which start with the first chunks, and in the thread of the caller, so that the caller's processor
 * works as well, and a thread less needs memory. A chunk is copied to its thread, and the answer is moved back.
 * A thread that ends by itself is an error of every scan it had, never a statement about evidence.
 */
export class ScanThreads implements ChunkScanner, AsyncDisposable {
  /** Fewer records are scanned before threads have started. */
  readonly minRecords = 50_000;
  readonly #size: number;
  readonly #execArgv: string[] | undefined;
  readonly #threads: ScanThread[] = [];
  #isBusy = false;

  constructor({ threads = availableParallelism() - 1, execArgv }: ScanThreadsOptions = {}) {
    this.#size = threads;
    this.#execArgv = execArgv;
  }

  /** One chunk more than there are threads, so that none of them waits for the next one to be read. */
  get width(): number {
    return this.#size === 0 ? 1 : this.#size + 2;
  }

  async scan(task: ScanTask): Promise<ScanResult> {
    if (this.#size === 0) return scanChunk(task);
    const thread = this.#leastBusy();
    if (thread.busy === 0 || this.#isBusy) return thread.scan(task);
    this.#isBusy = true;
    try {
      return await scanChunk(task);
    } finally {
      this.#isBusy = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #leastBusy(): ScanThread {
    const least = this.#threads.toSorted((left, right) => left.busy - right.busy)[0];
    if (least && (least.busy === 0 || this.#threads.length === this.#size)) return least;
    const started = new ScanThread(this.#execArgv);
    this.#threads.push(started);
    return started;
  }
}

class ScanThread {
  readonly #worker: Worker;
  /** Those that wait for an answer, in the order of their chunks. */
  readonly #waiting: {
    readonly resolve: (result: ScanResult) => void;
    readonly reject: (reason: Error) => void;
  }[] = [];
  #ended: Error | undefined;

  constructor(execArgv: string[] | undefined) {
    this.#worker = new Worker(PROGRAM, execArgv ? { execArgv } : {});
    this.#worker.on('message', (result: ScanResult) => this.#waiting.shift()?.resolve(result));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`a thread that scans chunks ended with ${code}`)));
  }

  get busy(): number {
    return this.#waiting.length;
  }

  scan(task: ScanTask): Promise<ScanResult> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task, []);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
