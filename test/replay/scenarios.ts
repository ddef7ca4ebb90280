import type { SealingDeps } from '../../src/sealing/deps';
import { VERIFY_WORKFLOW, snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import { SCHEDULE_WORKFLOW, type AuditScheduleInput } from '../../src/contract/schedule';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { SnapshotError } from '../../src/errors';
import { dayWindow } from '../harness/faultPoints';
import { overrideMethods } from '../harness/overrideMethods';
import type { WorkerHarness } from '../harness/workerHarness';

const DAY_SECONDS = 86_400;
const SCHEDULED_RECORDS = 4;

/** The name of a captured run, and how to make one, as the latest run of its workflow id. */
export interface Scenario {
  readonly name: string;
  readonly run: (harness: WorkerHarness, input: AuditSnapshotInput) => Promise<unknown>;
  /** Records in its window. Default seven, which make three chunks. */
  readonly records?: number;
}

/** A run of every kind; each over a day of its own, on a worker whose chunks hold three records. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'plain', run: (harness, input) => harness.seal(input) },
  { name: 'empty', records: 0, run: (harness, input) => harness.seal(input) },
  { name: 'retried', run: (harness, input) => harness.seal(input) },
  { name: 'second-attempt', run: (harness, input) => harness.seal(input) },
  { name: 'cancelled', run: (harness, input) => cancelAt(harness, input, 'sealManifest') },
  { name: 'outlived', run: (harness, input) => cancelAt(harness, input, 'registerAsset') },
  {
    name: 'resumed',
    run: async (harness, input) => {
      const held = harness.activities.hold(input.jobId, 'markImmutable', 'before');
      await harness.snapshots.start(input);
      await held.reached();
      await harness.terminate(input.jobId);
      held.release();
      await harness.seal(input);
    },
  },
  {
    name: 'tampered',
    run: async (harness, input) => {
      const logs = harness.database.collection('auditlogs');
      await logs.updateOne({ timestamp: between(input) }, { $set: { actorId: 'mallory' } });
      await ended(harness.seal({ ...input, onTamper: 'fail' }));
    },
  },
];

/** Runs of other workflows, whose id is their name. */
const OTHERS: readonly string[] = ['verify', 'schedule'];

/** The workflow id of the run of a scenario. */
export function workflowOf(name: string): string {
  return OTHERS.includes(name) ? name : workflowIdOf(name);
}

export function inputOf(name: string): AuditSnapshotInput {
  const day = SCENARIOS.findIndex((scenario) => scenario.name === name);
  return { jobId: name, ...dayWindow(day < 0 ? SCENARIOS.length : day) };
}

/** Compares everything that the other scenarios sealed. */
export function verify(harness: WorkerHarness): Promise<unknown> {
  return harness.client.workflow.execute(VERIFY_WORKFLOW, {
    workflowId: workflowOf('verify'),
    taskQueue: harness.env['TEMPORAL_TASK_QUEUE'] ?? '',
    args: [{ onDrift: 'report' }],
  });
}

/** A run of a schedule that has two windows to seal, and looks for records that arrived late in both of them. */
export async function schedule(harness: WorkerHarness): Promise<void> {
  const first = SCENARIOS.length + 1;
  const [day, next] = [dayWindow(first), dayWindow(first + 1)];
  for (const window of [day, next]) await harness.log(SCHEDULED_RECORDS, window);
  const input: AuditScheduleInput = {
    scheduleId: 'schedule',
    startAt: day.from,
    everySeconds: DAY_SECONDS,
    settleSeconds: 0,
    lookbackSeconds: DAY_SECONDS,
    nominalTime: dayWindow(first + 2).from,
  };
  await harness.client.workflow.execute(SCHEDULE_WORKFLOW, {
    workflowId: workflowOf('schedule'),
    taskQueue: harness.env['TEMPORAL_TASK_QUEUE'] ?? '',
    args: [input],
  });
}

/** Faults of the scenarios: storage does not answer twice, and one attempt loses its lease. */
export function faultyDeps(deps: SealingDeps): SealingDeps {
  const retried = `snapshots/${snapshotIdOf('retried')}/`;
  const lost = snapshotIdOf('second-attempt');
  let failures = 2;
  let losses = 1;
  return {
    ...deps,
    store: overrideMethods(deps.store, {
      putOnce: (key, body, holdUntil) => {
        if (key.startsWith(retried) && failures-- > 0)
          throw new SnapshotError('STORAGE_UNREACHABLE', 'storage cannot be reached', { retryable: true });
        return deps.store.putOnce(key, body, holdUntil);
      },
    }),
    leases: overrideMethods(deps.leases, {
      beginSigning: (snapshotId) => {
        if (snapshotId === lost && losses-- > 0) throw new SnapshotError('LEASE_LOST', 'the window is lost');
        return deps.leases.beginSigning(snapshotId);
      },
    }),
  };
}

async function cancelAt(
  harness: WorkerHarness,
  input: AuditSnapshotInput,
  step: 'sealManifest' | 'registerAsset',
): Promise<void> {
  const held = harness.activities.hold(input.jobId, step, 'before');
  const run = await harness.snapshots.start(input);
  await held.reached();
  await run.cancel();
  held.release();
  await ended(run.result());
}

async function ended(run: Promise<unknown>): Promise<void> {
  await run.catch(() => undefined);
}

function between({ from, to }: AuditSnapshotInput): { $gte: Date; $lte: Date } {
  return { $gte: new Date(from), $lte: new Date(to) };
}
