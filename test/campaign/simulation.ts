import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { resolve } from 'node:path';
import {
  DISASTER,
  DISASTERS,
  FAULT_KINDS,
  SCENARIOS,
  formatPlan,
  parsePlan,
  type FaultKind,
  type Plan,
  type ScenarioName,
} from '../simulation/plan';
import { findPlanFor } from '../simulation/bugSearch';
import { PLANTED_BUGS } from '../simulation/plantedBugs';
import { searchPlans } from '../simulation/randomPlans';
import { memoizePureFunctions } from '../simulation/memoizedFunctions';
import { isPossible, recordServerAnswers } from '../simulation/serverAnswers';
import { simulate, type SimulationResult } from '../simulation/simulate';
import { isDistinct } from '../simulation/equivalentFaults';

const USAGE = `npm run sim -- [options]

Simulates jobs on fakes and virtual time: every single fault of every scenario, every pair of faults of the first scenario,
and random plans by seed. A random plan that violates an invariant is shrunk to the smallest one that does. Exit code 1 when
an invariant is violated. About twenty minutes on two cores.

  --no-singles, --no-pairs   leaves these out
  --scenario S, --kind K     only single faults of this scenario and kind; may be repeated
  --seeds N                  how many random plans, default 20000; --seed S is the first seed, default 1
  --threads N                default: all cores
  --shard I/N                part I of N, from 0
  --plan P                   one plan, such as 'one/0:lost@13,cancelled@40'
  --bugs                     plants each defect and searches for a plan that reveals it; --only TEXT: defects whose name contains it
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    plan: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    scenario: { type: 'string', multiple: true },
    kind: { type: 'string', multiple: true },
    singles: { type: 'boolean', default: true },
    pairs: { type: 'boolean', default: true },
    shard: { type: 'string', default: '0/1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    seeds: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
  allowNegative: true,
});

interface Tally {
  singles: number;
  pairs: number;
  /** Pairs with the same effect as another one. */
  equivalents: number;
  seeds: number;
  readonly fired: Map<string, number>;
  /** Plans that violated an invariant, with the violation. */
  readonly violations: [plan: string, violation: string][];
}

interface Part {
  readonly part: number;
  readonly parts: number;
}

async function run(plan: Plan, tally: Tally): Promise<SimulationResult | undefined> {
  try {
    const simulated = await simulate(plan);
    for (const [site, times] of simulated.fired) tally.fired.set(site, (tally.fired.get(site) ?? 0) + times);
    for (const violation of simulated.violations) addViolation(tally, plan, violation);
    return simulated;
  } catch (error) {
    addViolation(tally, plan, `the run failed: ${String(error)}`);
    return undefined;
  }
}

/** Reports it at once, because a campaign takes a while. */
function addViolation(tally: Tally, plan: Plan, violation: string): void {
  tally.violations.push([formatPlan(plan), violation]);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage({ progress: `VIOLATED ${formatPlan(plan)}: ${violation}` });
}

async function singles(tally: Tally, { part, parts }: Part): Promise<void> {
  const answers = await recordServerAnswers();
  for (const scenario of [...SCENARIOS, ...DISASTERS]) {
    if (values.scenario && !values.scenario.includes(scenario)) continue;
    const all: readonly FaultKind[] = isDisaster(scenario) ? [...FAULT_KINDS, DISASTER] : FAULT_KINDS;
    const kinds = all.filter((kind) => values.kind === undefined || values.kind.includes(kind));
    const sites = (await run({ scenario, order: 0, faults: [] }, tally))?.sites ?? [];
    for (let at = 1 + part; at <= sites.length; at += parts) {
      for (const kind of kinds) {
        if (!isPossible(answers, sites[at - 1]!, kind)) continue;
        await run({ scenario, order: 0, faults: [{ at, kind }] }, tally);
        tally.singles++;
      }
    }
  }
}

function isDisaster(scenario: ScenarioName): boolean {
  return (DISASTERS as readonly string[]).includes(scenario);
}

/**
 * The second fault is injected at any later call of the run with the first fault. Pairs with the same effect as another one
 * are left out, by `isDistinct`.
 */
async function pairs(tally: Tally, { part, parts }: Part): Promise<void> {
  const base = { scenario: 'one', order: 0 } as const;
  const clean = await simulate({ ...base, faults: [] });
  for (let at = 1 + part; at <= clean.calls; at += parts) {
    for (const kind of FAULT_KINDS) {
      const first = { at, kind };
      const faulty = await simulate({ ...base, faults: [first] });
      for (let then = at + 1; then <= faulty.calls; then++) {
        for (const second of FAULT_KINDS) {
          if (isDistinct(clean, first, true) && isDistinct(faulty, { at: then, kind: second }, false)) {
            await run({ ...base, faults: [first, { at: then, kind: second }] }, tally);
            tally.pairs++;
          } else tally.equivalents++;
        }
      }
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    parentPort?.postMessage({ progress: `pairs: first fault at call ${at} of ${clean.calls}` });
  }
}

async function seeds(tally: Tally, { part, parts }: Part): Promise<void> {
  const count = Math.ceil(Number(values.seeds) / parts);
  const found = await searchPlans({ count, seed: Number(values.seed) + part }, async (plan) => {
    tally.seeds++;
    const own: Tally = { ...tally, violations: [] };
    await run(plan, own);
    return own.violations.length > 0;
  });
  if (found) await run(found, tally);
}

async function work(part: Part): Promise<void> {
  await memoizePureFunctions();
  const tally: Tally = { singles: 0, pairs: 0, equivalents: 0, seeds: 0, fired: new Map(), violations: [] };
  if (values.singles) await singles(tally, part);
  await seeds(tally, part);
  if (values.pairs) await pairs(tally, part);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage({ tally });
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  await memoizePureFunctions();
  if (values.plan !== undefined) {
    const { violations, calls } = await simulate(parsePlan(values.plan));
    console.log(violations.length === 0 ? `holds, after ${calls} calls` : violations.join('\n'));
    return violations.length === 0 ? 0 : 1;
  }
  if (values.bugs) return searchPlantedBugs();
  const started = Date.now();
  const threads = Number(values.threads);
  const [shard = 0, shards = 1] = values.shard.split('/').map(Number);
  const tallies: Tally[] = [];
  const workers = Array.from({ length: threads }, (_, thread) => {
    const execArgv = ['-r', resolve(__dirname, '../harness/runTypeScript.cjs')];
    const argv = process.argv.slice(2);
    const worker = new Worker(__filename, {
      workerData: { part: shard * threads + thread, parts: shards * threads } satisfies Part,
      execArgv,
      argv,
    });
    worker.on('message', (message: { tally?: Tally; progress?: string }) => {
      if (message.tally) tallies.push(message.tally);
      else console.error(message.progress);
    });
    return once(worker, 'exit');
  });
  await Promise.all(workers);
  return report(tallies, threads, Date.now() - started);
}

/** Each planted bug must violate an invariant: under no fault, few faults or a random plan. Prints the plan that revealed it. */
async function searchPlantedBugs(): Promise<number> {
  let missed = 0;
  const planted = Object.entries(PLANTED_BUGS).filter(([name]) => name.includes(values.only));
  for (const [name, bug] of planted) {
    const caught = await findPlanFor(bug, Number(values.seed));
    if (!caught) missed++;
    console.log(`${name}: ${caught ? `${caught.plan}: ${caught.violation}` : 'NOT CAUGHT'}`);
  }
  console.log(`${planted.length} planted bugs, ${missed} not caught`);
  return missed === 0 ? 0 : 1;
}

function report(tallies: readonly Tally[], threads: number, tookMs: number): number {
  const sum = (count: (tally: Tally) => number) => tallies.reduce((total, tally) => total + count(tally), 0);
  const fired = new Map<string, number>();
  for (const tally of tallies)
    for (const [site, times] of tally.fired) fired.set(site, (fired.get(site) ?? 0) + times);
  const methods = [...new Set([...fired.keys()].map((site) => site.split(' ')[0]!))].toSorted();
  console.log(`| call | ${FAULT_KINDS.join(' | ')} |`);
  console.log(`| --- | ${FAULT_KINDS.map(() => '---:').join(' | ')} |`);
  for (const method of methods)
    console.log(
      `| ${method} | ${FAULT_KINDS.map((kind) => fired.get(`${method} ${kind}`) ?? 0).join(' | ')} |`,
    );
  const violations = tallies.flatMap((tally) => tally.violations);
  for (const [plan, violation] of violations.slice(0, 50))
    console.log(`VIOLATED ${violation}\n  npm run sim -- --plan ${plan}`);
  const counts = `${sum((t) => t.singles)} singles, ${sum((t) => t.pairs)} pairs (and ${sum((t) => t.equivalents)} equivalent to another plan), ${sum((t) => t.seeds)} random plans`;
  console.log(
    `${counts}, ${violations.length} violations, ${Math.round(tookMs / 1000)} s on ${threads} threads`,
  );
  return violations.length === 0 && tallies.length === threads ? 0 : 1;
}

if (isMainThread) main().then((code) => process.exit(code), console.error);
else void work(workerData as Part).then(() => process.exit(0));
