import { FAULT_KINDS, formatPlan, parsePlan } from '../simulation/plan';
import { PLANTED_BUGS } from '../simulation/plantedBugs';
import { forgetPureFunctions, rememberPureFunctions } from '../simulation/rememberedNode';
import { simulate } from '../simulation/simulate';

beforeAll(rememberPureFunctions);
afterAll(forgetPureFunctions);

describe('a simulated run', () => {
  test.each(['one/0:', 'empty/0:', 'overlapping/0:', 'sideBySide/0:', 'continued/0:', 'tampered/0:'])(
    '%s without a fault breaks nothing',
    async (plan) => {
      expect((await simulate(parsePlan(plan))).broken).toEqual([]);
    },
  );

  test('is the same each time, call by call', async () => {
    const plan = parsePlan('overlapping/77:delayed@20,workerDiedAfter@41');
    const [one, other] = [await simulate(plan), await simulate(plan)];
    expect([one.calls, [...one.fired]]).toEqual([other.calls, [...other.fired]]);
    expect(one.fired.get('store.putOnce delayed') ?? one.fired.size).toBeGreaterThan(0);
  });

  test.each([
    ['two jobs that lose their windows to each other', 'overlapping/0:runLostBefore@29,cancelled@6,lost@1'],
    ['the same in another order', 'overlapping/2:runLostBefore@1,runLostBefore@27,lost@10'],
    ['a lease that is asked for when all is over', 'one/0:forgotten@5'],
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

async function isCaught(bug: string, plan: string): Promise<boolean> {
  try {
    return (await simulate(parsePlan(plan), PLANTED_BUGS[bug])).broken.length > 0;
  } catch {
    // A job that never comes to its end is caught as well.
    return true;
  }
}

describe('a planted bug is caught:', () => {
  test.each([
    ['records are marked before the snapshot is signed', 'one/0:'],
    ['marking goes by time range', 'one/0:lateRecord@13'],
    ['a failed marking counts as done', 'one/0:lost@71'],
    ['a PUT has no condition', 'one/0:'],
    ['a key that is taken counts as ours, unread', 'one/0:unacknowledged@13,lateRecord@14'],
    ['a chunk is not read back', 'one/0:unacknowledged@13,lateRecord@14'],
    ['a PUT without an answer counts as done', 'one/0:lost@31'],
    ['a lock that was not extended counts as extended', 'one/0:lost@44'],
    ['the lease of a finished snapshot is kept', 'one/0:'],
    [
      'a lease is given up although signing began',
      'overlapping/399096:forgotten@82,unacknowledged@52,delayed@3,runLostBefore@195,runLostAfter@118,workerDiedBefore@38',
    ],
    [
      'what others sealed meanwhile is not looked at',
      'overlapping/2:runLostBefore@1,runLostBefore@27,lost@10',
    ],
    ['a lease that was taken for a finished snapshot stays', 'one/0:forgotten@5'],
    ['the manifest has the time of its making', 'one/0:runLostBefore@27'],
    ['the durable cursor stands behind the window', 'one/0:runLostBefore@14'],
    ['an audit entry that failed is forgotten', 'one/0:lost@78'],
    ['an entry of the ledger is named before it is committed', 'one/0:lost@53'],
    ['a job is reported before its snapshot is closed', 'one/0:'],
  ])('%s', async (bug, plan) => {
    // The plan breaks nothing by itself: it is the bug that does.
    expect((await simulate(parsePlan(plan))).broken).toEqual([]);
    expect(await isCaught(bug, plan)).toBe(true);
  });
});

test('a plan is spelled in one way', () => {
  const text = 'one/7:lost@3,delayed@9';
  expect(formatPlan(parsePlan(text))).toBe(text);
  expect(() => parsePlan('two/1:')).toThrow('not a plan');
  expect(() => parsePlan('one/1:broken@2')).toThrow('kinds are lost, unacknowledged');
});
