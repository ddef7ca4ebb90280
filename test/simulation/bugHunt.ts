import { FAULT_KINDS, formatPlan, type Fault, type FaultKind, type Plan, type ScenarioName } from './plan';
import { searchPlans } from './randomPlans';
import { simulate } from './simulate';
import type { Seam } from './world';

/** What a plan breaks, in words; undefined when all holds. A job that never comes to its end breaks something as well. */
export async function whatBreaks(plan: Plan, seam?: Seam): Promise<string | undefined> {
  try {
    return (await simulate(plan, seam)).broken[0];
  } catch (error) {
    return `the run failed: ${String(error)}`;
  }
}

/** Looks for a plan that shows a planted bug, few and telling faults first, then random ones; undefined when none does. */
export async function huntBug(seam: Seam, seed: number): Promise<{ plan: string; what: string } | undefined> {
  for await (const plan of likelyPlans(seam)) {
    const what = await whatBreaks(plan, seam);
    if (what !== undefined) return { plan: formatPlan(plan), what };
  }
  const breaks = async (plan: Plan) => (await whatBreaks(plan, seam)) !== undefined;
  const plan = await searchPlans({ count: 3000, seed }, breaks);
  return plan && { plan: formatPlan(plan), what: (await whatBreaks(plan, seam)) ?? '' };
}

async function* likelyPlans(seam: Seam): AsyncGenerator<Plan> {
  for (const scenario of ['one', 'continued', 'takeover', 'sideBySide'] as const)
    yield { scenario, order: 0, faults: [] };
  yield* singles(seam, 'one', 0, FAULT_KINDS);
  yield* singles(seam, 'takeover', 0, ['runLostBefore', 'forgotten']);
  for (let order = 1; order <= 3; order++)
    yield* singles(seam, 'sideBySide', order, ['delayed', 'overslept', 'forgotten']);
  yield* pairs(seam, 'takeover', ['overslept', 'runLostBefore'], ['runLostBefore'], 40);
  yield* pairs(seam, 'one', ['unacknowledged', 'delayed', 'forgotten'], ['lateRecord', 'runLostBefore'], 6);
}

async function* singles(
  seam: Seam,
  scenario: ScenarioName,
  order: number,
  kinds: readonly FaultKind[],
): AsyncGenerator<Plan> {
  const calls = await callsOf({ scenario, order, faults: [] }, seam);
  for (let at = 1; at <= calls; at++)
    for (const kind of kinds) yield { scenario, order, faults: [{ at, kind }] };
}

/** Two faults, at most `reach` calls from each other. */
async function* pairs(
  seam: Seam,
  scenario: ScenarioName,
  firsts: readonly FaultKind[],
  seconds: readonly FaultKind[],
  reach: number,
): AsyncGenerator<Plan> {
  const calls = await callsOf({ scenario, order: 0, faults: [] }, seam);
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

async function callsOf(plan: Plan, seam: Seam): Promise<number> {
  return (await simulate(plan, seam)).calls;
}
