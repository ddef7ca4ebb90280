import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { resolve } from 'node:path';
import { array, asyncProperty, check, constantFrom, integer, nat, record, type Arbitrary } from 'fast-check';
import {
  FAULT_KINDS,
  SCENARIOS,
  formatPlan,
  parsePlan,
  type Plan,
  type ScenarioName,
} from '../simulation/plan';
import { PLANTED_BUGS } from '../simulation/plantedBugs';
import { rememberPureFunctions } from '../simulation/rememberedNode';
import { simulate } from '../simulation/simulate';
import type { Seam } from '../simulation/world';

/**
 * Every single fault of every scenario, every pair of faults of the first one, and random plans by seed, each shrunk to
 * its minimum when it fails: `npm run sim`. `--plan P` runs one plan again.
 */
const { values } = parseArgs({
  options: {
    plan: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    pairs: { type: 'boolean', default: true },
    seeds: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
  allowNegative: true,
});

interface Tally {
  singles: number;
  pairs: number;
  seeds: number;
  readonly fired: Map<string, number>;
  /** Plans that broke something, with what. */
  readonly broken: [plan: string, what: string][];
}

interface Part {
  readonly part: number;
  readonly parts: number;
}

async function judge(plan: Plan, tally: Tally): Promise<number> {
  try {
    const { broken, calls, fired } = await simulate(plan);
    for (const [site, times] of fired) tally.fired.set(site, (tally.fired.get(site) ?? 0) + times);
    for (const what of broken) tally.broken.push([formatPlan(plan), what]);
    return calls;
  } catch (error) {
    tally.broken.push([formatPlan(plan), `the run failed: ${String(error)}`]);
    return 0;
  }
}

async function singles(tally: Tally, { part, parts }: Part): Promise<void> {
  for (const scenario of SCENARIOS) {
    const calls = await judge({ scenario, order: 0, faults: [] }, tally);
    for (let at = 1 + part; at <= calls; at += parts) {
      for (const kind of FAULT_KINDS) {
        await judge({ scenario, order: 0, faults: [{ at, kind }] }, tally);
        tally.singles++;
      }
    }
  }
}

/** The second fault strikes at any call behind the first one, of the run as the first one left it. */
async function pairs(tally: Tally, { part, parts }: Part): Promise<void> {
  const base = { scenario: 'one', order: 0 } as const;
  const { calls } = await simulate({ ...base, faults: [] });
  for (let at = 1 + part; at <= calls; at += parts) {
    for (const kind of FAULT_KINDS) {
      const first = { at, kind };
      const struck = await simulate({ ...base, faults: [first] });
      for (let then = at + 1; then <= struck.calls; then++) {
        for (const second of FAULT_KINDS) {
          await judge({ ...base, faults: [first, { at: then, kind: second }] }, tally);
          tally.pairs++;
        }
      }
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    parentPort?.postMessage({ progress: `pairs: first fault at call ${at} of ${calls}` });
  }
}

const planArbitrary: Arbitrary<Plan> = record({
  scenario: constantFrom(...SCENARIOS),
  order: nat(1_000_000),
  faults: array(record({ at: integer({ min: 1, max: 200 }), kind: constantFrom(...FAULT_KINDS) }), {
    minLength: 1,
    maxLength: 6,
  }),
});

async function seeds(tally: Tally, { part, parts }: Part): Promise<void> {
  const numRuns = Math.ceil(Number(values.seeds) / parts);
  const property = asyncProperty(planArbitrary, async (plan) => {
    tally.seeds++;
    const own: Tally = { ...tally, broken: [] };
    await judge(plan, own);
    return own.broken.length === 0;
  });
  const { failed, counterexample } = await check(property, { numRuns, seed: Number(values.seed) + part });
  if (failed && counterexample) await judge(counterexample[0], tally);
}

async function work(part: Part): Promise<void> {
  await rememberPureFunctions();
  const tally: Tally = { singles: 0, pairs: 0, seeds: 0, fired: new Map(), broken: [] };
  await singles(tally, part);
  await seeds(tally, part);
  if (values.pairs) await pairs(tally, part);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage({ tally });
}

async function main(): Promise<number> {
  await rememberPureFunctions();
  if (values.plan !== undefined) {
    const { broken, calls } = await simulate(parsePlan(values.plan));
    console.log(broken.length === 0 ? `holds, after ${calls} calls` : broken.join('\n'));
    return broken.length === 0 ? 0 : 1;
  }
  if (values.bugs) return hunt();
  const started = Date.now();
  const parts = availableParallelism();
  const tallies: Tally[] = [];
  const workers = Array.from({ length: parts }, (_, part) => {
    const execArgv = ['-r', resolve(__dirname, '../support/runTypeScript.cjs')];
    const argv = process.argv.slice(2);
    const worker = new Worker(__filename, { workerData: { part, parts } satisfies Part, execArgv, argv });
    worker.on('message', (message: { tally?: Tally; progress?: string }) => {
      if (message.tally) tallies.push(message.tally);
      else console.error(message.progress);
    });
    return once(worker, 'exit');
  });
  await Promise.all(workers);
  return report(tallies, parts, Date.now() - started);
}

/** Each planted bug must break an invariant: under no fault, a single one or a random plan. Prints the plan that showed it. */
async function hunt(): Promise<number> {
  let missed = 0;
  const hunted = Object.entries(PLANTED_BUGS).filter(([bug]) => bug.includes(values.only));
  for (const [bug, seam] of hunted) {
    const caught =
      (await catchWithSingles('one', seam)) ??
      (await catchWithSingles('sideBySide', seam)) ??
      (await catchWithPairs(seam)) ??
      (await catchWithSeeds(seam));
    if (!caught) missed++;
    console.log(`${bug}: ${caught ?? 'NOT CAUGHT'}`);
  }
  console.log(`${hunted.length} planted bugs, ${missed} not caught`);
  return missed === 0 ? 0 : 1;
}

async function breaks(plan: Plan, seam: Seam): Promise<string | undefined> {
  try {
    const { broken } = await simulate(plan, seam);
    return broken.length > 0 ? `${formatPlan(plan)}: ${broken[0]}` : undefined;
  } catch (error) {
    return `${formatPlan(plan)}: ${String(error)}`;
  }
}

async function catchWithSingles(scenario: ScenarioName, seam: Seam): Promise<string | undefined> {
  const clean = { scenario, order: 0 };
  const { calls } = await simulate({ ...clean, faults: [] });
  const none = await breaks({ ...clean, faults: [] }, seam);
  if (none) return none;
  for (let at = 1; at <= calls; at++)
    for (const kind of FAULT_KINDS) {
      const caught = await breaks({ ...clean, faults: [{ at, kind }] }, seam);
      if (caught) return caught;
    }
  return undefined;
}

/** Two faults close to each other: what was held up or left in doubt, and then something that makes a difference. */
async function catchWithPairs(seam: Seam): Promise<string | undefined> {
  const clean = { scenario: 'one', order: 0 } as const;
  const { calls } = await simulate({ ...clean, faults: [] });
  for (let at = 1; at <= calls; at++)
    for (const kind of ['unacknowledged', 'delayed', 'forgotten', 'workerDiedAfter'] as const)
      for (let then = at + 1; then <= at + 6; then++)
        for (const second of ['lateRecord', 'runLostBefore'] as const) {
          const caught = await breaks(
            {
              ...clean,
              faults: [
                { at, kind },
                { at: then, kind: second },
              ],
            },
            seam,
          );
          if (caught) return caught;
        }
  return undefined;
}

async function catchWithSeeds(seam: Seam): Promise<string | undefined> {
  let caught: string | undefined;
  const property = asyncProperty(planArbitrary, async (plan) => {
    caught = (await breaks(plan, seam)) ?? caught;
    return caught === undefined || (await breaks(plan, seam)) === undefined;
  });
  await check(property, { numRuns: 3000, seed: Number(values.seed), endOnFailure: true });
  return caught;
}

function report(tallies: readonly Tally[], parts: number, tookMs: number): number {
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
  const broken = tallies.flatMap((tally) => tally.broken);
  for (const [plan, what] of broken.slice(0, 50))
    console.log(`BROKEN ${what}\n  npm run sim -- --plan ${plan}`);
  const counts = `${sum((t) => t.singles)} singles, ${sum((t) => t.pairs)} pairs, ${sum((t) => t.seeds)} random plans`;
  console.log(`${counts}, ${broken.length} broken, ${Math.round(tookMs / 1000)} s on ${parts} threads`);
  return broken.length === 0 && tallies.length === parts ? 0 : 1;
}

if (isMainThread) main().then((code) => process.exit(code), console.error);
else void work(workerData as Part).then(() => process.exit(0));
