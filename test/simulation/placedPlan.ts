import { parsePlan, type Plan } from './plan';
import { simulate } from './simulate';

/**
 * A plan whose faults name calls instead of numbers: `lost@store.putOnce#3` is the third such call of the run, and
 * `lost@store.putOnce#3+1` the call after it. Each fault is placed in the run with the faults before it, so the plan keeps
 * its meaning when calls are added elsewhere.
 */
export async function placePlan(text: string): Promise<Plan> {
  const [, head = '', faults = ''] = /^([^:]*):(.*)$/.exec(text) ?? [];
  let plan = parsePlan(`${head}:`);
  for (const fault of faults.split(',').filter(Boolean)) {
    const [, kind = '', site = '', nth = '1', later = '0'] =
      /^(\w+)@([\w.]+)(?:#(\d+))?(?:\+(\d+))?$/.exec(fault) ?? [];
    const { sites } = await simulate(plan);
    const found = sites.flatMap((name, index) => (name === site ? [index + 1] : [])).at(Number(nth) - 1);
    if (found === undefined) throw new Error(`no call ${nth} of ${site} in the run: ${text}`);
    const [placed] = parsePlan(`${head}:${kind}@${found + Number(later)}`).faults;
    plan = { ...plan, faults: [...plan.faults, placed!] };
  }
  return plan;
}
