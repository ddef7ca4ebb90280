import { parseArgs } from 'node:util';
import { BUG_PLANS } from '../chaos/bugPlans';
import { ChaosEnvironment } from '../chaos/chaosEnvironment';
import { FAULT_KINDS, formatPlan, parsePlan, type Plan } from '../chaos/plan';
import { RUNS_PER_ROUND, randomPlan } from '../chaos/randomPlan';
import { replayOf, runRound, type Outcome } from '../chaos/round';

const USAGE = `npm run chaos -- [options]

Real processes on a real stack of their own, and everything that can happen to them, by seed. A run that breaks something
prints the command that runs it again, and leaves its logs. Exit code 1 when one does. About eight runs a minute.

  --runs N      default 20; --from K is the first run, default 0
  --seed S      decides, with a run's number, its plan; default 1
  --only K      the round of run K again
  --plan P      one plan, such as 'one/300:worker.killed@signManifest.call#6'; more of them run side by side
  --bug NAME    plant this defect into the workers
  --bugs        every defect under the plan that shows it; --bug TEXT: those that match
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

function* rounds(): Generator<readonly Plan[]> {
  if (values.plan) {
    yield values.plan.map(parsePlan);
    return;
  }
  const seed = Number(values.seed);
  const only = values.only === undefined ? undefined : Number(values.only);
  const first = only ?? Number(values.from);
  const last = only ?? first + Number(values.runs) - 1;
  for (let number = first - (first % RUNS_PER_ROUND); number <= last; number += RUNS_PER_ROUND)
    yield Array.from({ length: RUNS_PER_ROUND }, (_, place) => randomPlan(seed, number + place));
}

const started = Date.now();
const outcomes: Outcome[] = [];

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.bugs) return hunt();
  const surround = await ChaosEnvironment.start();
  try {
    for (const plans of rounds()) {
      const entries = plans.map((plan) => ({
        plan,
        ...(values.bug === undefined ? {} : { bug: values.bug }),
      }));
      for (const outcome of await runRound(entries, surround.surroundings)) {
        outcomes.push(outcome);
        const { fired, recoveryMs, broken, plan } = outcome;
        const recovery = recoveryMs === undefined ? 'at rest' : `${recoveryMs} ms`;
        const verdict = broken.length === 0 ? 'holds' : 'BROKEN';
        console.log(
          `${verdict} ${fired.length}/${plan.faults.length} fired, ${recovery}  ${formatPlan(plan)}`,
        );
        for (const what of broken.slice(0, 5)) console.log(`  ${what}`);
        if (broken.length > 0) console.log(`  ${replayOf(outcome)}`);
      }
    }
  } finally {
    await surround.stop(outcomes.every(({ broken }) => broken.length === 0));
  }
  return report();
}

/** Every planted bug under the plan that shows it; each must break something. */
async function hunt(): Promise<number> {
  const surround = await ChaosEnvironment.start();
  let missed = 0;
  try {
    const entries = Object.entries(BUG_PLANS)
      .filter(([bug]) => new RegExp(values.bug ?? '').test(bug))
      .map(([bug, plan]) => ({ bug, plan: parsePlan(plan) }));
    for (let first = 0; first < entries.length; first += RUNS_PER_ROUND) {
      const some = entries.slice(first, first + RUNS_PER_ROUND);
      for (const [place, { broken }] of (await runRound(some, surround.surroundings)).entries()) {
        const { bug, plan } = some[place]!;
        if (broken.length === 0) missed++;
        console.log(`| ${bug} | \`${formatPlan(plan)}\` | ${broken[0]?.split('\n')[0] ?? 'NOT CAUGHT'} |`);
      }
    }
  } finally {
    await surround.stop(true);
  }
  console.log(`${missed} not caught`);
  return missed === 0 ? 0 : 1;
}

function report(): number {
  const fired = outcomes.flatMap((outcome) => outcome.fired);
  const points = [...new Set(fired.map(({ at }) => at.activity))];
  const count = (kind: string, activity: string) =>
    fired.filter((fault) => fault.kind === kind && fault.at.activity === activity).length;
  console.log(`| fault | ${points.join(' | ')} |`);
  console.log(`| --- | ${points.map(() => '---:').join(' | ')} |`);
  for (const kind of FAULT_KINDS)
    console.log(`| ${kind} | ${points.map((point) => count(kind, point)).join(' | ')} |`);
  const times = outcomes
    .flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]))
    .toSorted((left, right) => left - right);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0).length;
  console.log(
    `recovery of ${times.length} runs at work: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${times.at(-1) ?? 0} ms`,
  );
  console.log(
    `${outcomes.length} runs, ${fired.length} faults fired, ${broken} broken, ${Math.round((Date.now() - started) / 1000)} s`,
  );
  return broken === 0 ? 0 : 1;
}

// What this process started ends with it; its mount is taken away on exit.
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
