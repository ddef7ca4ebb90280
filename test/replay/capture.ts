import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { locateInCache } from '../../dev/stack/cache';
import { choosePorts } from '../../dev/stack/ports';
import { temporal } from '../../dev/stack/servers/temporal';
import { cleanStack } from '../../dev/stack/stackCommands';
import { startStack } from '../../dev/stack/stack';
import { eventually } from '../harness/eventually';
import { WorkerHarness } from '../harness/workerHarness';
import { SCENARIOS, faultyDeps, inputOf, schedule, verify, workflowOf } from './scenarios';

/**
 * Writes the history of a run of every kind to `test/replay/histories/`, after a build. Existing histories are kept, because
 * a history that no longer replays is fixed by versioning the workflow, never by capturing it again.
 */
const FOLDER = join(__dirname, 'histories');
const STACK = 'capture';
const RECORDS = 7;
/** Events after which the server suggests to continue as new, for the scenario of that name. */
const SHORT_HISTORY = 20;

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const stack = await startStack({ name: STACK });
  try {
    Object.assign(process.env, stack.env);
    await withHarness(async (harness) => {
      for (const { name, run, records = RECORDS } of SCENARIOS) {
        const input = inputOf(name);
        await harness.log(records, input);
        await run(harness, input);
        await capture(harness, name);
      }
      await verify(harness);
      await capture(harness, 'verify');
      await schedule(harness);
      await capture(harness, 'schedule');
    });
    await withShortHistories(() =>
      withHarness(async (harness) => {
        const input = inputOf('continued');
        await harness.log(RECORDS, input);
        const { workflowId } = await harness.snapshots.start(input);
        const { runId } = await harness.client.workflow.getHandle(workflowId).describe();
        await harness.snapshots.attach(input.jobId).result();
        await capture(harness, 'continued', runId);
        await capture(harness, 'continued', undefined, 'continuation');
        await schedule(harness);
        await capture(harness, 'schedule', undefined, 'schedule-continuation');
      }),
    );
  } finally {
    await stack.stop();
    await cleanStack({ name: STACK, force: true });
  }
}

async function withHarness(use: (harness: WorkerHarness) => Promise<void>): Promise<void> {
  const harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
  try {
    await harness.startWorker({ identity: 'worker' }, faultyDeps(harness.deps));
    await use(harness);
  } finally {
    await harness.close();
  }
}

async function capture(harness: WorkerHarness, name: string, runId?: string, as = name): Promise<void> {
  const path = join(FOLDER, `${as}.json`);
  if (existsSync(path)) return;
  const history = await harness.client.workflow.getHandle(workflowOf(name), runId).fetchHistory();
  // The user and the machine that captured it are left out.
  const text = historyToJSON(history).replaceAll(/"identity": ?"[^"]*"/g, '"identity": "captured"');
  writeFileSync(path, `${JSON.stringify(JSON.parse(text), undefined, 1)}\n`);
  process.stdout.write(`${path}: ${history.events?.length ?? 0} events\n`);
}

/** Runs `use` with a Temporal server of its own, in memory, instead of that of the stack. */
async function withShortHistories(use: () => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-snapshot-capture-'));
  const ports = await choosePorts(temporal.portNames);
  const { binary } = locateInCache(temporal.tool, process.env);
  const location = { folder, ports, binary };
  const { args } = temporal.prepare(location);
  const suggest = `limit.historyCount.suggestContinueAsNew=${SHORT_HISTORY}`;
  const server = spawn(binary, [...args, '--dynamic-config-value', suggest], { stdio: 'ignore' });
  try {
    const env = temporal.environment(location);
    const answers = () =>
      temporal.reach(env).then(
        () => true,
        () => false,
      );
    await eventually('the server answers', answers);
    Object.assign(process.env, env);
    await use();
  } finally {
    server.kill();
    await once(server, 'exit');
    rmSync(folder, { recursive: true });
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exitCode = 1;
});
