import {
  array,
  asyncProperty,
  check,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import {
  DISASTER,
  DISASTERS,
  FAULT_KINDS,
  SCENARIOS,
  type FaultKind,
  type Plan,
  type ScenarioName,
} from './plan';

const fault = record({
  at: integer({ min: 1, max: 200 }),
  kind: constantFrom<FaultKind>(...FAULT_KINDS),
});

const ordinary: Arbitrary<Plan> = record({
  scenario: constantFrom<ScenarioName>(...SCENARIOS),
  order: nat(1_000_000),
  faults: array(fault, { minLength: 1, maxLength: 6 }),
});

/** One disaster, and up to three faults beside it. */
const withDisaster: Arbitrary<Plan> = record({
  scenario: constantFrom<ScenarioName>(...DISASTERS),
  order: nat(1_000_000),
  at: integer({ min: 1, max: 90 }),
  beside: array(fault, { maxLength: 3 }),
}).map(({ at, beside, ...plan }) => ({ ...plan, faults: [{ at, kind: DISASTER }, ...beside] }));

const plans = oneof({ weight: 9, arbitrary: ordinary }, { weight: 1, arbitrary: withDisaster });

/** The first of `count` random plans for which `breaks` is true, shrunk until no smaller one is; the same for the same seed. */
export async function searchPlans(
  { count, seed }: { readonly count: number; readonly seed: number },
  breaks: (plan: Plan) => Promise<boolean>,
): Promise<Plan | undefined> {
  const holds = asyncProperty(plans, async (plan) => !(await breaks(plan)));
  const { counterexample } = await check(holds, { numRuns: count, seed });
  return counterexample ? leaveOutFaults(counterexample[0], breaks) : undefined;
}

/** Shrinking a list ends before it has left out each element by itself; here no fault that is left can be. */
async function leaveOutFaults(plan: Plan, breaks: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  for (const index of plan.faults.keys()) {
    const smaller = { ...plan, faults: plan.faults.filter((_, other) => other !== index) };
    if (smaller.faults.length > 0 && (await breaks(smaller))) return leaveOutFaults(smaller, breaks);
  }
  return plan;
}
