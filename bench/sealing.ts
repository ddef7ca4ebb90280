import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Services } from '../test/harness/services';
import { runBenchmark, startBenchStack } from './benchStack';

const USAGE = `npm run bench -- <records>...

Seals one window for each number of records, on one stack, and prints a line of JSON for each: the time for each record, the
time of each stage, and the memory of the worker. The figures are those of the embedded MongoDB-compatible server.

  npm run bench -- 100000 1000000
`;

const DAY_MS = 86_400_000;

async function main(): Promise<void> {
  const sizes = process.argv.slice(2).map(Number);
  const stack = await startBenchStack();
  const services = new Services();
  try {
    await services.start();
    for (const [index, records] of sizes.entries()) {
      const fromMs = Date.UTC(2026, 0, 1 + 2 * index);
      const window = {
        from: new Date(fromMs).toISOString(),
        to: new Date(fromMs + DAY_MS - 1).toISOString(),
      };
      const writtenMs = await timed(() => services.log(records, window));
      const measured = await measure(services, records, window);
      console.log(JSON.stringify({ records, writeSeconds: writtenMs / 1000, ...measured }));
      await pause(1_000);
    }
  } finally {
    await services.stop();
    await stack.stop();
  }
}

async function measure(services: Services, records: number, window: { from: string; to: string }) {
  const memory = new ProcessMemory(services.worker!.process.pid!);
  const jobId = await services.submit(window);
  const stages = new Map<string, number>();
  const sealedMs = await timed(async () => {
    let sinceMs = Date.now();
    const job = await services.ended(jobId, ({ progress }) => {
      const stage = progress?.stage ?? 'opening';
      stages.set(stage, (stages.get(stage) ?? 0) + Date.now() - sinceMs);
      sinceMs = Date.now();
      memory.sample(stage);
    });
    if (job.result?.recordCount !== records) throw new Error(`sealed ${JSON.stringify(job)}`);
  });
  return {
    sealSeconds: sealedMs / 1000,
    microsecondsPerRecord: Math.round((sealedMs * 1000) / records),
    workerPeakRssMiB: memory.peakMiB,
    stageMs: Object.fromEntries(stages),
    stageRssMiB: Object.fromEntries(memory.byStageMiB),
  };
}

/** Resident memory of a process, from /proc: its peak, and the maximum of the samples of each stage. */
class ProcessMemory {
  peakMiB = 0;
  readonly byStageMiB = new Map<string, number>();
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  sample(stage: string): void {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    const readMiB = (line: RegExp) => Math.round(Number(line.exec(status)?.[1] ?? 0) / 1024);
    this.peakMiB = readMiB(/^VmHWM:\s+(\d+)/m);
    const now = readMiB(/^VmRSS:\s+(\d+)/m);
    this.byStageMiB.set(stage, Math.max(now, this.byStageMiB.get(stage) ?? 0));
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startMs = Date.now();
  await run();
  return Date.now() - startMs;
}

runBenchmark(USAGE, main);
