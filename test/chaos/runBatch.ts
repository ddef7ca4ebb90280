import { setTimeout as pause } from 'node:timers/promises';
import { ChaosRun, type RunEnvironment } from './chaosRun';
import { checkInvariants } from './checkInvariants';
import { injectFault } from './injectFault';
import { awaitCompletion, type CompletedJob, type Deadline } from './jobCompletion';
import { formatPlan, type Fault, type Plan } from './plan';

/** Faults have this long to happen; a frozen process resumes within the longer time. */
const INJECT_MS = 14_000;
const INJECT_WITH_FREEZE_MS = 28_000;
const RECOVERY_MS = 120_000;
const POLL_MS = 200;
const AFTERMATH_MS = 300;
/** A process that resumes finds its connections cut, and then continues with what it was doing. */
const AFTERMATH_OF_FREEZE_MS = 3_000;

export interface RunOutcome {
  readonly plan: Plan;
  readonly fired: readonly Fault[];
  /** From healing until all jobs were complete; undefined when they were complete already. */
  readonly recoveryMs: number | undefined;
  /** Invariants that do not hold, in words. */
  readonly violations: readonly string[];
}

/** A plan, and the planted bug of its workers. */
export interface BatchEntry {
  readonly plan: Plan;
  readonly bug?: string;
}

/**
 * Runs plans side by side on one stack: a fault of a server affects all of them. Rejects only when the stack itself fails.
 */
export async function runBatch(
  entries: readonly BatchEntry[],
  environment: RunEnvironment,
): Promise<RunOutcome[]> {
  const runs = entries.map((entry) => new ChaosRun({ environment, ...entry, inject: injectFault }));
  try {
    const started = await Promise.all(runs.map(start));
    const freezing = entries.some(({ plan }) => plan.faults.some(({ kind }) => kind === 'worker.frozen'));
    const injectedMs = Date.now() + (freezing ? INJECT_WITH_FREEZE_MS : INJECT_MS);
    while (Date.now() < injectedMs && !started.every(isOver)) await pause(POLL_MS);
    // The last fault still affects what runs.
    await pause(freezing ? AFTERMATH_OF_FREEZE_MS : AFTERMATH_MS);
    await environment.stackFaults.heal();
    await Promise.allSettled(runs.map((run) => run.heal()));
    const healedMs = Date.now();
    return await Promise.all(started.map((one) => conclude(one, healedMs)));
  } finally {
    await Promise.all(runs.map((run) => run.close().catch(() => undefined)));
  }
}

interface StartedRun {
  readonly run: ChaosRun;
  readonly deadline: Deadline;
  readonly completion: Promise<readonly CompletedJob[]>;
  completedMs?: number;
}

async function start(run: ChaosRun): Promise<StartedRun> {
  const deadline = { atMs: Number.POSITIVE_INFINITY };
  const begun = run.begin().then(
    () => run.jobs,
    (error: unknown) => Promise.reject(new Error(`the run did not begin: ${String(error)}`)),
  );
  await begun.catch(() => undefined);
  const completion = begun.then((jobs) =>
    Promise.all(jobs.map((input) => awaitCompletion(run, input, deadline))),
  );
  const started: StartedRun = { run, deadline, completion };
  const complete = (): void => void (started.completedMs = Date.now());
  // A rejection is reported when the run is concluded.
  completion.then(complete, complete);
  return started;
}

/** No further fault can happen: each has, or the jobs are complete. */
function isOver({ run, completedMs }: StartedRun): boolean {
  return !run.hasFrozenWorker && (!run.hasPendingFaults || completedMs !== undefined);
}

async function conclude(started: StartedRun, healedMs: number): Promise<RunOutcome> {
  const { run, completion, deadline } = started;
  const { plan, fired } = run;
  deadline.atMs = healedMs + RECOVERY_MS;
  const completeBeforeHealing = started.completedMs !== undefined;
  try {
    const jobs = await completion;
    const recoveryMs = completeBeforeHealing ? undefined : Date.now() - healedMs;
    return { plan, fired, recoveryMs, violations: await checkInvariants(run, jobs) };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { plan, fired, recoveryMs: undefined, violations: [...run.monitor.violations, reason] };
  }
}

/** The command that runs a plan again. */
export function replayCommand({ plan }: Pick<RunOutcome, 'plan'>): string {
  return `npm run chaos -- --plan '${formatPlan(plan)}'`;
}
