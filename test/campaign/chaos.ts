import { parseArgs } from 'node:util';
import { BUG_PLANS } from '../chaos/bugPlans';
import { ChaosEnvironment } from '../chaos/chaosEnvironment';
import { FAULT_KINDS, formatPlan, parsePlan, type Plan } from '../chaos/plan';
import { RUNS_PER_BATCH, randomPlan } from '../chaos/randomPlan';
import { replayCommand, runBatch, type RunOutcome } from '../chaos/runBatch';

const USAGE = `npm run chaos -- [options]

Runs real processes on real servers and injects faults into both: killed, frozen and replaced processes, broken connections,
lost requests, full disks, sealed vaults, cancelled and reset runs. A seed decides every fault. A run that violates an
invariant prints the command that runs it again, and its logs are kept. Exit code 1 when one does. About eight runs a minute.

  --runs N      how many runs, default 20; --from K is the first of them, default 0
  --seed S      decides, with the number of a run, its plan; default 1
  --only K      the batch of run K again
  --plan P      one plan, such as 'one/300:worker.killed@signManifest.call#6'; several plans run side by side
  --bug NAME    plants this defect into the workers
  --bugs        runs every planted defect under the plan that reveals it; with --bug TEXT those that match
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
    plan: { type: 'string', multiple: true },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
  },
});

function* batches(): Generator<readonly Plan[]> {
  if (values.plan) {
    yield values.plan.map(parsePlan);
    return;
  }
  const seed = Number(values.seed);
  const only = values.only === undefined ? undefined : Number(values.only);
  const first = only ?? Number(values.from);
  const last = only ?? first + Number(values.runs) - 1;
  for (let number = first - (first % RUNS_PER_BATCH); number <= last; number += RUNS_PER_BATCH)
    yield Array.from({ length: RUNS_PER_BATCH }, (_, index) => randomPlan(seed, number + index));
}

const startedMs = Date.now();
const outcomes: RunOutcome[] = [];

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.bugs) return runPlantedBugs();
  const environment = await ChaosEnvironment.start();
  try {
    for (const plans of batches()) {
      const bug = values.bug === undefined ? {} : { bug: values.bug };
      const entries = plans.map((plan) => ({ plan, ...bug }));
      for (const outcome of await runBatch(entries, environment)) {
        outcomes.push(outcome);
        printOutcome(outcome);
      }
    }
  } finally {
    await environment.stop(outcomes.every(({ violations }) => violations.length === 0));
  }
  return report();
}

function printOutcome(outcome: RunOutcome): void {
  const { fired, recoveryMs, violations, plan } = outcome;
  const recovery = recoveryMs === undefined ? 'complete before healing' : `${recoveryMs} ms`;
  const verdict = violations.length === 0 ? 'holds' : 'VIOLATED';
  console.log(`${verdict} ${fired.length}/${plan.faults.length} fired, ${recovery}  ${formatPlan(plan)}`);
  for (const violation of violations.slice(0, 5)) console.log(`  ${violation}`);
  if (violations.length > 0) console.log(`  ${replayCommand(outcome)}`);
}

/** Runs every planted bug under the plan that reveals it; each must violate an invariant. */
async function runPlantedBugs(): Promise<number> {
  const environment = await ChaosEnvironment.start();
  let missed = 0;
  try {
    const entries = Object.entries(BUG_PLANS)
      .filter(([bug]) => new RegExp(values.bug ?? '').test(bug))
      .map(([bug, plan]) => ({ bug, plan: parsePlan(plan) }));
    for (let first = 0; first < entries.length; first += RUNS_PER_BATCH) {
      const batch = entries.slice(first, first + RUNS_PER_BATCH);
      for (const [index, { violations }] of (await runBatch(batch, environment)).entries()) {
        const { bug, plan } = batch[index]!;
        if (violations.length === 0) missed++;
        console.log(
          `| ${bug} | \`${formatPlan(plan)}\` | ${violations[0]?.split('\n')[0] ?? 'NOT CAUGHT'} |`,
        );
      }
    }
  } finally {
    await environment.stop(true);
  }
  console.log(`${missed} not caught`);
  return missed === 0 ? 0 : 1;
}

function report(): number {
  const fired = outcomes.flatMap((outcome) => outcome.fired);
  const activities = [...new Set(fired.map(({ at }) => at.activity))];
  const count = (kind: string, activity: string) =>
    fired.filter((fault) => fault.kind === kind && fault.at.activity === activity).length;
  console.log(`| fault | ${activities.join(' | ')} |`);
  console.log(`| --- | ${activities.map(() => '---:').join(' | ')} |`);
  for (const kind of FAULT_KINDS)
    console.log(`| ${kind} | ${activities.map((activity) => count(kind, activity)).join(' | ')} |`);
  const times = outcomes
    .flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]))
    .toSorted((left, right) => left - right);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const violated = outcomes.filter(({ violations }) => violations.length > 0).length;
  console.log(
    `recovery of ${times.length} runs: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${times.at(-1) ?? 0} ms`,
  );
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  console.log(`${outcomes.length} runs, ${fired.length} faults fired, ${violated} violated, ${seconds} s`);
  return violated === 0 ? 0 : 1;
}

// Processes that this one started end with it; its mount is removed on exit.
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    report();
    process.exit(130);
  });

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
