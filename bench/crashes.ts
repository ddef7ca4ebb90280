import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import { connectDatabase } from '../src/mongo/connection';
import { connectTemporal } from '../src/temporal/connection';
import { readTemporalConfig } from '../src/config';
import { snapshotIdOf, workflowIdOf } from '../src/contract/names';
import { listVersions } from '../test/harness/bucket';
import { Services } from '../test/harness/services';
import { runBenchmark, startBenchStack } from './benchStack';

const CLI = resolve(__dirname, '../dist/src/cli/main.js');
/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API. */
const ACTIVITY_STARTED = 2;
const DAY_MS = 86_400_000;
const run = promisify(execFile);

const USAGE = `npm run bench:crashes -- [records] [options]

Seals as many records (default 1000000) twice on one stack: without crashes, and with worker processes killed at intervals.
Both results are verified. Prints a line of JSON for each, and the ratio of their times.

  --every N       seconds between two kills, default 10
  --kill WHAT     busy: the process that runs most activities of the job; all: every worker process. Default busy
  --processes N   worker processes, default 2
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      every: { type: 'string', default: '10' },
      kill: { type: 'string', default: 'busy' },
      processes: { type: 'string', default: '2' },
    },
  });
  const records = Number(positionals[0] ?? 1_000_000);
  const stack = await startBenchStack();
  const services = new Services({ WORKER_PROCESSES: values.processes });
  const connection = await connectDatabase(services.env['MONGODB_URI']!);
  const { connection: temporal, client } = await connectTemporal(readTemporalConfig());
  try {
    await services.startSupervised();
    const trust = join(services.logs, 'trust.json');
    await audit(services, 'keys', 'export', '--out', trust);
    const seconds: number[] = [];
    for (const [index, everySeconds] of [Infinity, Number(values.every)].entries()) {
      const fromMs = Date.UTC(2026, 0, 1 + 2 * index);

      const window = {
        from: new Date(fromMs).toISOString(),
        to: new Date(fromMs + DAY_MS - 1).toISOString(),
      };
      await services.log(records, window);
      const startMs = Date.now();
      const jobId = await services.submit(window);
      let nextKillMs = startMs + everySeconds * 1000;
      const kills = new Map<string, number>();
      const job = await services.ended(jobId, async ({ progress: now }) => {
        if (Date.now() < nextKillMs) return;
        const pids = values.kill === 'all' ? services.workerPids() : [await busiest(client, services, jobId)];
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        const stage = now?.stage ?? 'opening';
        kills.set(stage, (kills.get(stage) ?? 0) + 1);
        nextKillMs += everySeconds * 1000;
      });
      seconds.push((Date.now() - startMs) / 1000);
      const snapshotId = snapshotIdOf(jobId);
      const marked = await connection.collection('auditlogs').countDocuments({ immutable: true, snapshotId });
      const keys = (await listVersions(`snapshots/${snapshotId}/`, services.env['S3_BUCKET'])).map(
        ({ key }) => key,
      );
      const verdict = await audit(services, 'verify', snapshotId, '--key', trust);
      const facts = {
        sealed: job.result?.recordCount,
        marked,
        findings: job.result?.findingCount,
        conflicts: job.result?.conflictCount,
        versionsBeyondOne: keys.length - new Set(keys).size,
        verdict: verdict
          .split('\n')
          .find((line) => line.includes('VERIFIED'))
          ?.trim(),
      };
      console.log(
        JSON.stringify({ records, seconds: seconds.at(-1), kills: Object.fromEntries(kills), ...facts }),
      );
      const sound = facts.sealed === records && marked === records && facts.versionsBeyondOne === 0;
      if (!sound || facts.conflicts !== 0 || facts.verdict === undefined)
        throw new Error('the result is wrong');
    }
    console.log(JSON.stringify({ ...values, ratio: Math.round((seconds[1]! / seconds[0]!) * 1000) / 1000 }));
  } finally {
    await services.stop();
    await connection.close();
    await temporal.close();
    await stack.stop();
  }
}

/** The process that runs most activities of the job; any process when none does. */
async function busiest(client: Client, services: Services, jobId: string): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowIdOf(jobId)).describe();
  const counts = new Map<number, number>();
  for (const { state, lastWorkerIdentity } of raw.pendingActivities ?? []) {
    const pid = Number(state) === ACTIVITY_STARTED && services.workerPid(lastWorkerIdentity ?? '');
    if (pid) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  }
  const [first] = [...counts].toSorted(([, one], [, other]) => other - one);
  return first?.[0] ?? services.workerPids()[0]!;
}

async function audit(services: Services, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...services.env },
  });
  return stdout;
}

runBenchmark(USAGE, main);
