import { setTimeout as pause } from 'node:timers/promises';
import { awaitRest } from './awaitRest';
import { ChaosRun, type RunOptions } from './chaosRun';
import { judge } from './judge';
import { formatPlan, type Fault, type Plan } from './plan';
import { strike } from './strike';

/** Faults have this long to strike; what is frozen wakes up within the longer time. */
const INJECT_MS = 9_000;
const INJECT_WITH_FREEZE_MS = 24_000;
const RECOVERY_MS = 180_000;
const POLL_MS = 200;
/** What struck last still has its effect on what runs. */
const AFTERMATH_MS = 300;

export interface Outcome {
  readonly plan: Plan;
  readonly fired: readonly Fault[];
  /** From the moment when everything was healed until the jobs were at rest; undefined where they were already. */
  readonly recoveryMs: number | undefined;
  readonly broken: readonly string[];
}

export type Surroundings = Omit<RunOptions, 'plan' | 'strike'>;

/** Runs plans side by side on one stack: what happens to a server happens to all. Rejects only when the stack itself fails. */
export async function runRound(plans: readonly Plan[], surroundings: Surroundings): Promise<Outcome[]> {
  const { powers } = surroundings;
  const runs = plans.map((plan) => new ChaosRun({ ...surroundings, plan, strike }));
  try {
    const begun = await Promise.allSettled(runs.map((run) => run.begin()));
    const freezing = plans.some(({ faults }) => faults.some(({ kind }) => kind === 'worker.frozen'));
    const injected = Date.now() + (freezing ? INJECT_WITH_FREEZE_MS : INJECT_MS);
    while (Date.now() < injected && !(await allOver(runs))) await pause(POLL_MS);
    await powers.heal();
    await Promise.allSettled(runs.map((run) => run.heal()));
    const atWork = await Promise.all(runs.map(async (run) => !(await run.ended().catch(() => false))));
    const healed = Date.now();
    return await Promise.all(
      runs.map(async (run, place) => {
        const start = begun[place]!;
        if (start.status === 'rejected')
          return outcome(run, undefined, [`the run did not begin: ${String(start.reason)}`]);
        return conclude(run, healed, atWork[place]!);
      }),
    );
  } finally {
    await Promise.all(runs.map((run) => run.close().catch(() => undefined)));
  }
}

async function conclude(run: ChaosRun, healed: number, atWork: boolean): Promise<Outcome> {
  try {
    const ends = await Promise.all(run.jobs.map((input) => awaitRest(run, input, healed + RECOVERY_MS)));
    const recoveryMs = atWork || ends.some(({ starts }) => starts > 0) ? Date.now() - healed : undefined;
    return outcome(run, recoveryMs, await judge(run, ends));
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return outcome(run, undefined, [...run.observations.broken, reason]);
  }
}

function outcome(
  { plan, fired }: ChaosRun,
  recoveryMs: number | undefined,
  broken: readonly string[],
): Outcome {
  return { plan, fired, recoveryMs, broken };
}

/** Nothing more can strike: every fault has, or the jobs are over. */
async function allOver(runs: readonly ChaosRun[]): Promise<boolean> {
  const over = await Promise.all(
    runs.map(async (run) => {
      if (!run.waits) return true;
      return run.ended().catch(() => false);
    }),
  );
  if (over.includes(false)) return false;
  await pause(AFTERMATH_MS);
  return true;
}

/** What runs a plan again. */
export function replayOf({ plan }: Pick<Outcome, 'plan'>): string {
  return `npm run chaos -- --plan '${formatPlan(plan)}'`;
}
