import { DISASTERS, FAULT_KINDS, SCENARIOS, formatPlan, parsePlan, type Plan } from '../../simulation/plan';
import { PLANTED_BUGS } from '../../simulation/plantedBugs';
import { forgetPureFunctions, rememberPureFunctions } from '../../simulation/memoizedNode';
import { searchPlans } from '../../simulation/randomPlans';
import { simulate } from '../../simulation/simulate';
import { whatBreaks } from '../../simulation/bugHunt';

beforeAll(rememberPureFunctions);
afterAll(forgetPureFunctions);

describe('a simulated run', () => {
  test.each([...SCENARIOS, ...DISASTERS])('%s without a fault breaks nothing', async (scenario) => {
    expect((await simulate({ scenario, order: 0, faults: [] })).broken).toEqual([]);
  });

  test('is the same each time, call by call', async () => {
    const plan = parsePlan('overlapping/77:delayed@20,workerDiedAfter@41');
    const [one, other] = [await simulate(plan), await simulate(plan)];
    expect([one.calls, [...one.fired]]).toEqual([other.calls, [...other.fired]]);
    expect(one.fired.get('store.putOnce delayed') ?? one.fired.size).toBeGreaterThan(0);
  });

  test.each([
    ['two jobs that lose their windows to each other', 'overlapping/0:runLostBefore@32,cancelled@7,lost@1'],
    ['the same in another order', 'overlapping/2:runLostBefore@1,runLostBefore@33,lost@10'],
    ['a lease that is asked for when all is over', 'one/0:forgotten@6'],
    ['one that then could not be given back', 'one/0:forgotten@6,lost@89'],
    ['a ledger that is restored while an entry is published', 'restored/0:disaster@55'],
    ['a first word that arrives when the job has failed', 'tampered/0:forgotten@1'],
  ])('of %s breaks nothing any more', async (_what, plan) => {
    expect((await simulate(parsePlan(plan))).broken).toEqual([]);
  });

  test.each(['lost', 'unacknowledged'])(
    'is struck by "%s" at every call, and breaks nothing',
    async (kind) => {
      const { calls } = await simulate(parsePlan('one/0:'));
      expect(calls).toBeGreaterThan(50);
      for (let at = 1; at <= calls; at++)
        expect([at, (await simulate(parsePlan(`one/0:${kind}@${at}`))).broken]).toEqual([at, []]);
    },
  );

  test.each(FAULT_KINDS)('is struck by "%s" at every ninth call, and breaks nothing', async (kind) => {
    const { calls } = await simulate(parsePlan('one/0:'));
    for (let at = 1; at <= calls; at += 9) {
      const plan = parsePlan(`one/0:${kind}@${at}`);
      expect([formatPlan(plan), (await simulate(plan)).broken]).toEqual([formatPlan(plan), []]);
    }
  });
});

describe('a lease that is given up for another job', () => {
  const takeover = parsePlan('takeover/0:runLostBefore@18');

  test.each(FAULT_KINDS)('is struck by "%s", and breaks nothing', async (kind) => {
    const { sites } = await simulate(takeover);
    const at = sites.indexOf('leases.release') + 1;
    expect(at).toBeGreaterThan(0);
    const { broken, fired } = await simulate({ ...takeover, faults: [...takeover.faults, { at, kind }] });
    expect(broken).toEqual([]);
    expect(fired.get(`leases.release ${kind}`)).toBe(1);
  });
});

const PLANS = new Set<string>();

describe('a planted bug is caught:', () => {
  test.each([
    ['records are marked before the snapshot is signed', 'one/0:'],
    ['marking goes by time range', 'one/0:lateRecord@14'],
    ['a failed marking counts as done', 'one/0:lost@72'],
    ['a PUT has no condition', 'one/0:'],
    ['a key that is taken counts as ours, unread', 'one/0:unacknowledged@14,lateRecord@15'],
    ['a chunk is not read back', 'one/0:unacknowledged@14,lateRecord@15'],
    ['a PUT without an answer counts as done', 'one/0:lost@32'],
    ['a lock that was not extended counts as extended', 'one/0:lost@45'],
    ['the lease of a finished snapshot is kept', 'one/0:'],
    ['a lease is given up although signing began', 'takeover/0:runLostBefore@47'],
    ['what others sealed meanwhile is not looked at', 'takeover/0:runLostBefore@18'],
    ['whoever lost its lease signs all the same', 'takeover/0:overslept@47,runLostBefore@48'],
    ['only the first lease of a snapshot is noted', 'takeover/0:runLostBefore@5,runLostBefore@41'],
    ['the ledger checkpoint is replaced without a condition', 'sideBySide/1:delayed@180'],
    ['one chunk too many counts as marked', 'continued/0:'],
    ['the newest version of the key signs, whichever the manifest names', 'one/0:keyRotated@4'],
    ['records are handed through the workflow', 'one/0:'],
    ['a window is granted to whoever asked long ago', 'one/0:forgotten@6'],
    ['the manifest has the time of its making', 'one/0:runLostBefore@28'],
    ['the durable cursor stands behind the window', 'one/0:runLostBefore@15'],
    ['an audit entry that failed is forgotten', 'one/0:lost@79'],
    ['an entry of the ledger is named before it is committed', 'sideBySide/1:lost@129'],
    ['a job is reported before its snapshot is closed', 'one/0:'],
  ])('%s', async (bug, plan) => {
    // The plan breaks nothing by itself: it is the bug that does.
    expect((await simulate(parsePlan(plan))).broken).toEqual([]);
    expect(await whatBreaks(parsePlan(plan), PLANTED_BUGS[bug])).toBeDefined();
    PLANS.add(bug);
  });

  test('every one of them', () => {
    expect([...PLANS].toSorted()).toEqual(Object.keys(PLANTED_BUGS).toSorted());
  });
});

test('a random plan that breaks something shrinks to one that breaks nothing with any fault less', async () => {
  const bug = PLANTED_BUGS['the manifest has the time of its making'];
  const breaks = async (plan: Plan) => (await whatBreaks(plan, bug)) !== undefined;
  const found = await searchPlans({ count: 60, seed: 4 }, breaks);
  const { faults, ...rest } = parsePlan(formatPlan(found!));
  expect(faults.length).toBeGreaterThan(1);
  expect(await breaks({ ...rest, faults })).toBe(true);
  for (const [place] of faults.entries())
    expect(await breaks({ ...rest, faults: faults.filter((_, other) => other !== place) })).toBe(false);
});

test('a plan is spelled in one way', () => {
  const text = 'one/7:lost@3,delayed@9';
  expect(formatPlan(parsePlan(text))).toBe(text);
  expect(() => parsePlan('two/1:')).toThrow('not a plan');
  expect(() => parsePlan('one/1:broken@2')).toThrow('kinds are lost, unacknowledged');
});
