import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgressLines } from '../dev/stack/progress';
import { startStack } from '../dev/stack/stack';
import { connectDatabase } from '../src/mongo/connection';
import { auditTrail } from '../dev/demo/auditTrail';
import { AuditService } from '../src/services/audit.service';
import { Services } from '../test/harness/services';

/**
 * What sealing costs for each record as windows grow, and the memory of the worker, on one stack in one run:
 * `npm run bench -- 100000 1000000`. The figures are those of the embedded MongoDB-compatible server.
 */
async function main(): Promise<void> {
  const sizes = process.argv.slice(2).map(Number);
  const progress = startProgressLines({ write: (line) => console.error(line) });
  const stack = await startStack({ name: 'bench', onProgress: progress.report });
  progress.end();
  Object.assign(process.env, stack.env);
  const services = new Services();
  const connection = await connectDatabase(services.env['MONGODB_URI']!);
  try {
    await services.start();
    const service = new AuditService(connection);
    for (const [place, records] of sizes.entries()) {
      const fromMs = Date.UTC(2026, 0, 1 + 2 * place);
      const window = {
        from: new Date(fromMs).toISOString(),
        to: new Date(fromMs + 86_399_999).toISOString(),
      };
      const writtenMs = await timed(() =>
        service.logAuditEntries(auditTrail(records, fromMs, fromMs + 86_400_000)),
      );
      const worker = new Memory(services.worker!.process.pid!);
      const jobId = await services.submit(window);
      const stages = new Map<string, number>();
      const sealedMs = await timed(async () => {
        let since = Date.now();
        const job = await services.ended(jobId, ({ progress: now }) => {
          const stage = now?.stage ?? 'opening';
          stages.set(stage, (stages.get(stage) ?? 0) + Date.now() - since);
          since = Date.now();
          worker.sample(stage);
        });
        if (job.result?.recordCount !== records) throw new Error(`sealed ${JSON.stringify(job)}`);
      });
      console.log(
        JSON.stringify({
          records,
          writeSeconds: writtenMs / 1000,
          sealSeconds: sealedMs / 1000,
          microsecondsPerRecord: Math.round((sealedMs * 1000) / records),
          workerPeakRssMiB: worker.peakMiB,
          stageMs: Object.fromEntries(stages),
          stageRssMiB: Object.fromEntries(worker.byStageMiB),
        }),
      );
      await pause(1_000);
    }
  } finally {
    await services.stop();
    await connection.close();
    await stack.stop();
  }
}

/** Resident memory of a process, as the kernel counts it: its peak, and the most that was seen in each stage. */
class Memory {
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

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
