import { BUG_PLANS } from '../../chaos/bugPlans';
import { CHAOS_BUGS } from '../../chaos/chaosBugs';
import { FAULT_KINDS, formatPlan, isPassing, parsePlan } from '../../chaos/plan';
import { randomPlan } from '../../chaos/randomPlan';

test.each(Object.entries(BUG_PLANS))(
  'the plan of the bug "%s" is a plan, and the bug is planted',
  (bug, text) => {
    expect(formatPlan(parsePlan(text))).toBe(text);
    expect(Object.keys(CHAOS_BUGS)).toContain(bug);
  },
);

test('random plans have every kind of fault', () => {
  const kinds = Array.from({ length: 2_000 }, (_, number) => randomPlan(1, number)).flatMap(({ faults }) =>
    faults.map(({ kind }) => kind),
  );
  expect([...new Set(kinds)].toSorted()).toEqual([...FAULT_KINDS].toSorted());
});

test('rights that are lost, and what ends a process or a run, are no faults that pass', () => {
  const others = FAULT_KINDS.filter((kind) => !isPassing(kind));
  expect(others).toEqual(
    expect.arrayContaining(['storage.denied', 'vault.rightsLost', 'worker.killed', 'run.cancelled']),
  );
  expect(others).not.toContain('vault.outdated');
});
