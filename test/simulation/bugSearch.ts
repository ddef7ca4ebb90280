import {
  DISASTER,
  DISASTERS,
  FAULT_KINDS,
  formatPlan,
  type Fault,
  type FaultKind,
  type Plan,
  type ScenarioName,
} from './plan';
import { searchPlans } from './randomPlans';
import { simulate } from './simulate';
import type { PlantedBug } from './plantedBug';

/** The first invariant that a plan violates, in words; undefined when all hold. A job that never ends is a violation too. */
export async function findViolation(plan: Plan, bug?: PlantedBug): Promise<string | undefined> {
  try {
    return (await simulate(plan, bug)).violations[0];
  } catch (error) {
    return `the run failed: ${String(error)}`;
  }
}

/** Searches for a plan that reveals a planted bug: few, likely faults first, then random plans; undefined when none does. */
export async function findPlanFor(
  bug: PlantedBug,
  seed: number,
): Promise<{ plan: string; violation: string } | undefined> {
  for await (const plan of likelyPlans(bug)) {
    const violation = await findViolation(plan, bug);
    if (violation !== undefined) return { plan: formatPlan(plan), violation };
  }
  const breaks = async (plan: Plan) => (await findViolation(plan, bug)) !== undefined;
  const plan = await searchPlans({ count: 3000, seed }, breaks);
  return plan && { plan: formatPlan(plan), violation: (await findViolation(plan, bug)) ?? '' };
}

async function* likelyPlans(bug: PlantedBug): AsyncGenerator<Plan> {
  for (const scenario of ['one', 'continued', 'takeover', 'sideBySide'] as const)
    yield { scenario, order: 0, faults: [] };
  yield* singles(bug, 'one', 0, FAULT_KINDS);
  for (const scenario of DISASTERS) yield* singles(bug, scenario, 0, [DISASTER]);
  yield* singles(bug, 'takeover', 0, ['runLostBefore', 'delayedToEnd']);
  for (let order = 1; order <= 3; order++)
    yield* singles(bug, 'sideBySide', order, ['delayed', 'delayedLong', 'delayedToEnd']);
  yield* pairs(bug, 'takeover', ['delayedLong', 'runLostBefore'], ['runLostBefore'], 40);
  yield* pairs(bug, 'one', ['unacknowledged', 'delayed', 'delayedToEnd'], ['lateRecord', 'runLostBefore'], 6);
}

async function* singles(
  bug: PlantedBug,
  scenario: ScenarioName,
  order: number,
  kinds: readonly FaultKind[],
): AsyncGenerator<Plan> {
  const calls = await callsOf({ scenario, order, faults: [] }, bug);
  for (let at = 1; at <= calls; at++)
    for (const kind of kinds) yield { scenario, order, faults: [{ at, kind }] };
}

/** Two faults, at most `reach` calls from each other. */
async function* pairs(
  bug: PlantedBug,
  scenario: ScenarioName,
  firsts: readonly FaultKind[],
  seconds: readonly FaultKind[],
  reach: number,
): AsyncGenerator<Plan> {
  const calls = await callsOf({ scenario, order: 0, faults: [] }, bug);
  for (let at = 1; at <= calls; at++)
    for (const kind of firsts)
      for (let then = at + 1; then <= at + reach; then++)
        for (const second of seconds) {
          const faults: Fault[] = [
            { at, kind },
            { at: then, kind: second },
          ];
          yield { scenario, order: 0, faults };
        }
}

async function callsOf(plan: Plan, bug: PlantedBug): Promise<number> {
  return (await simulate(plan, bug)).calls;
}
