import { setTimeout as pause } from 'node:timers/promises';
import { awaitRest, type JobEnd, type Patience } from './awaitRest';
import { ChaosRun, type RunOptions } from './chaosRun';
import { checkInvariants } from './checkInvariants';
import { formatPlan, type Fault, type Plan } from './plan';
import { injectFault } from './injectFault';

/** Faults have this long to inject; what is frozen wakes up within the longer time. */
const INJECT_MS = 14_000;
const INJECT_WITH_FREEZE_MS = 28_000;
const RECOVERY_MS = 120_000;
const POLL_MS = 200;
const AFTERMATH_MS = 300;
/** What wakes up finds its connections cut, and then goes on with what it was doing. */
const AFTERMATH_OF_FREEZE_MS = 3_000;

export interface Outcome {
  readonly plan: Plan;
  readonly fired: readonly Fault[];
  /** From the moment when everything was healed until the jobs were at rest; undefined where they were already. */
  readonly recoveryMs: number | undefined;
  readonly broken: readonly string[];
}

/** A plan, and the planted bug that its workers have. */
export interface Entry {
  readonly plan: Plan;
  readonly bug?: string;
}

export type Surroundings = Omit<RunOptions, 'plan' | 'inject' | 'bug'>;

/** Runs plans side by side on one stack: what happens to a server happens to all. Rejects only when the stack itself fails. */
export async function runRound(entries: readonly Entry[], surroundings: Surroundings): Promise<Outcome[]> {
  const { powers } = surroundings;
  const runs = entries.map((entry) => new ChaosRun({ ...surroundings, ...entry, inject: injectFault }));
  try {
    const tracks = await Promise.all(runs.map(track));
    const freezing = entries.some(({ plan }) => plan.faults.some(({ kind }) => kind === 'worker.frozen'));
    const injected = Date.now() + (freezing ? INJECT_WITH_FREEZE_MS : INJECT_MS);
    while (Date.now() < injected && !tracks.every(isOver)) await pause(POLL_MS);
    // What struck last still has its effect on what runs.
    await pause(freezing ? AFTERMATH_OF_FREEZE_MS : AFTERMATH_MS);
    await powers.heal();
    await Promise.allSettled(runs.map((run) => run.heal()));
    const healedMs = Date.now();
    return await Promise.all(tracks.map((one) => conclude(one, healedMs)));
  } finally {
    await Promise.all(runs.map((run) => run.close().catch(() => undefined)));
  }
}

/** A run and how its jobs come to rest. */
interface Track {
  readonly run: ChaosRun;
  readonly patience: Patience;
  readonly rest: Promise<readonly JobEnd[]>;
  restedMs?: number;
}

async function track(run: ChaosRun): Promise<Track> {
  const patience = { deadlineMs: Number.POSITIVE_INFINITY };
  const begun = run.begin().then(
    () => run.jobs,
    (error: unknown) => Promise.reject(new Error(`the run did not begin: ${String(error)}`)),
  );
  await begun.catch(() => undefined);
  const rest = begun.then((jobs) => Promise.all(jobs.map((input) => awaitRest(run, input, patience))));
  const tracked: Track = { run, patience, rest };
  rest.then(
    () => (tracked.restedMs = Date.now()),
    // It is heard when the run is concluded.
    () => (tracked.restedMs = Date.now()),
  );
  return tracked;
}

/** Nothing more can inject: every fault has, or the jobs are at rest. */
function isOver({ run, restedMs }: Track): boolean {
  return !run.freezes && (!run.waits || restedMs !== undefined);
}

async function conclude({ run, rest, patience, ...tracked }: Track, healedMs: number): Promise<Outcome> {
  const { plan, fired } = run;
  patience.deadlineMs = healedMs + RECOVERY_MS;
  try {
    const ends = await rest;
    const recoveryMs = tracked.restedMs === undefined ? Date.now() - healedMs : undefined;
    return { plan, fired, recoveryMs, broken: await checkInvariants(run, ends) };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { plan, fired, recoveryMs: undefined, broken: [...run.observations.broken, reason] };
  }
}

/** What runs a plan again. */
export function replayOf({ plan }: Pick<Outcome, 'plan'>): string {
  return `npm run chaos -- --plan '${formatPlan(plan)}'`;
}
