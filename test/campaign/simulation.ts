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
import { huntBug } from '../simulation/bugHunt';
import { PLANTED_BUGS } from '../simulation/plantedBugs';
import { searchPlans } from '../simulation/randomPlans';
import { rememberPureFunctions } from '../simulation/memoizedNode';
import { simulate, type Simulated } from '../simulation/simulate';
import { differs } from '../simulation/equalPlans';

const USAGE = `npm run sim -- [options]

Every single fault of every scenario, every pair of faults of the first one, and random plans by seed, each shrunk to its
minimum when it breaks something. Exit code 1 when one does. About twenty minutes on two cores.

  --no-singles, --no-pairs   leave these out
  --seeds N                  random plans, default 20000; --seed S is the first seed, default 1
  --threads N                default: all cores
  --shard I/N                the Ith of N parts of all, from 0
  --plan P                   one plan, such as 'one/0:lost@13,cancelled@40'
  --bugs                     plant each defect and look for a plan that shows it; --only TEXT: those with it in their name
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    plan: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
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
  /** Pairs that do the same as another one. */
  equals: number;
  seeds: number;
  readonly fired: Map<string, number>;
  /** Plans that broke something, with what. */
  readonly broken: [plan: string, what: string][];
}

interface Part {
  readonly part: number;
  readonly parts: number;
}

async function judge(plan: Plan, tally: Tally): Promise<Simulated | undefined> {
  try {
    const simulated = await simulate(plan);
    for (const [site, times] of simulated.fired) tally.fired.set(site, (tally.fired.get(site) ?? 0) + times);
    for (const what of simulated.broken) tally.broken.push([formatPlan(plan), what]);
    return simulated;
  } catch (error) {
    tally.broken.push([formatPlan(plan), `the run failed: ${String(error)}`]);
    return undefined;
  }
}

async function singles(tally: Tally, { part, parts }: Part): Promise<void> {
  for (const scenario of [...SCENARIOS, ...DISASTERS]) {
    const kinds: readonly FaultKind[] = isDisaster(scenario) ? [...FAULT_KINDS, DISASTER] : FAULT_KINDS;
    const calls = (await judge({ scenario, order: 0, faults: [] }, tally))?.calls ?? 0;
    for (let at = 1 + part; at <= calls; at += parts) {
      for (const kind of kinds) {
        await judge({ scenario, order: 0, faults: [{ at, kind }] }, tally);
        tally.singles++;
      }
    }
  }
}

function isDisaster(scenario: ScenarioName): boolean {
  return (DISASTERS as readonly string[]).includes(scenario);
}

/**
 * The second fault strikes at any call behind the first one, of the run as the first one left it. Left out are pairs that
 * do the same as another one, by `differs`.
 */
async function pairs(tally: Tally, { part, parts }: Part): Promise<void> {
  const base = { scenario: 'one', order: 0 } as const;
  const clean = await simulate({ ...base, faults: [] });
  for (let at = 1 + part; at <= clean.calls; at += parts) {
    for (const kind of FAULT_KINDS) {
      const first = { at, kind };
      const struck = await simulate({ ...base, faults: [first] });
      for (let then = at + 1; then <= struck.calls; then++) {
        for (const second of FAULT_KINDS) {
          if (differs(clean, first, true) && differs(struck, { at: then, kind: second }, false)) {
            await judge({ ...base, faults: [first, { at: then, kind: second }] }, tally);
            tally.pairs++;
          } else tally.equals++;
        }
      }
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    parentPort?.postMessage({ progress: `pairs: first fault at call ${at} of ${clean.calls}` });
  }
}

async function seeds(tally: Tally, { part, parts }: Part): Promise<void> {
  const count = Math.ceil(Number(values.seeds) / parts);
  const broken = await searchPlans({ count, seed: Number(values.seed) + part }, async (plan) => {
    tally.seeds++;
    const own: Tally = { ...tally, broken: [] };
    await judge(plan, own);
    return own.broken.length > 0;
  });
  if (broken) await judge(broken, tally);
}

async function work(part: Part): Promise<void> {
  await rememberPureFunctions();
  const tally: Tally = { singles: 0, pairs: 0, equals: 0, seeds: 0, fired: new Map(), broken: [] };
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
  await rememberPureFunctions();
  if (values.plan !== undefined) {
    const { broken, calls } = await simulate(parsePlan(values.plan));
    console.log(broken.length === 0 ? `holds, after ${calls} calls` : broken.join('\n'));
    return broken.length === 0 ? 0 : 1;
  }
  if (values.bugs) return hunt();
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

/** Each planted bug must break an invariant: under no fault, a single one or a random plan. Prints the plan that showed it. */
async function hunt(): Promise<number> {
  let missed = 0;
  const hunted = Object.entries(PLANTED_BUGS).filter(([bug]) => bug.includes(values.only));
  for (const [bug, seam] of hunted) {
    const caught = await huntBug(seam, Number(values.seed));
    if (!caught) missed++;
    console.log(`${bug}: ${caught ? `${caught.plan}: ${caught.what}` : 'NOT CAUGHT'}`);
  }
  console.log(`${hunted.length} planted bugs, ${missed} not caught`);
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
  const broken = tallies.flatMap((tally) => tally.broken);
  for (const [plan, what] of broken.slice(0, 50))
    console.log(`BROKEN ${what}\n  npm run sim -- --plan ${plan}`);
  const counts = `${sum((t) => t.singles)} singles, ${sum((t) => t.pairs)} pairs (and ${sum((t) => t.equals)} that do the same as another plan), ${sum((t) => t.seeds)} random plans`;
  console.log(`${counts}, ${broken.length} broken, ${Math.round(tookMs / 1000)} s on ${threads} threads`);
  return broken.length === 0 && tallies.length === threads ? 0 : 1;
}

if (isMainThread) main().then((code) => process.exit(code), console.error);
else void work(workerData as Part).then(() => process.exit(0));
