import { mongo } from 'mongoose';
import { AUDIT_LOG } from '../../../src/evidence/recordMembers';
import { indexBounds } from '../../../src/mongo/multikeyBounds';

const { members } = AUDIT_LOG;
const [FROM, UNTIL] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-02T00:00:00Z')];
const PAGE = { immutable: false, timestamp: { $gte: FROM, $lt: UNTIL } };

/** A log whose server answers `explain` with this plan. */
function logWith(plan: unknown) {
  let asked = 0;
  const explain = () => {
    asked++;
    return plan instanceof Error ? Promise.reject(plan) : Promise.resolve(plan);
  };
  const logs = { find: () => ({ explain }) } as unknown as mongo.Collection;
  return { logs, asked: () => asked };
}

const plan = (isMultiKey: boolean, timestamp: readonly string[]) => ({
  queryPlanner: { winningPlan: { inputStage: { isMultiKey, multiKeyPaths: { immutable: [], timestamp } } } },
});
const bounded = {
  hint: { immutable: 1, timestamp: 1, _id: 1 },
  min: { immutable: false, timestamp: FROM, _id: new mongo.MinKey() },
  max: { immutable: false, timestamp: UNTIL, _id: new mongo.MinKey() },
};

describe('the bounds of a page on the index of the log', () => {
  test('an ordinary index is bounded by the filter alone', async () => {
    expect(await indexBounds(logWith(plan(false, [])).logs, members, PAGE)).toEqual({});
    expect(await indexBounds(logWith(plan(true, [])).logs, members, PAGE)).toEqual({});
  });

  test.each([
    ['a plan', plan(true, ['timestamp'])],
    [
      'a plan of the other engine',
      { queryPlanner: { winningPlan: { queryPlan: plan(true, ['timestamp']) } } },
    ],
    ['a plan of a shard', { queryPlanner: { winningPlan: { shards: [plan(true, ['timestamp'])] } } }],
    ['a plan without paths', { winningPlan: { isMultiKey: true } }],
  ])('an index that %s reports as multikey is bounded on both sides', async (_what, answer) => {
    expect(await indexBounds(logWith(answer).logs, members, PAGE)).toEqual(bounded);
  });

  test('a multikey index is asked about once', async () => {
    const { logs, asked } = logWith(plan(true, ['timestamp']));
    await indexBounds(logs, members, PAGE);
    const rest = { immutable: false, timestamp: { $gt: FROM, $lt: UNTIL } };
    expect(await indexBounds(logs, members, rest)).toEqual(bounded);
    expect(asked()).toBe(1);
  });

  test('a query of one millisecond is bounded already, and nothing is asked', async () => {
    const { logs, asked } = logWith(plan(true, ['timestamp']));
    expect(await indexBounds(logs, members, { immutable: false, timestamp: FROM })).toEqual({});
    expect(asked()).toBe(0);
  });

  test('without the index there is nothing to bound, and any other failure is translated', async () => {
    const missing = new mongo.MongoServerError({ message: 'hint', code: 2 });
    expect(await indexBounds(logWith(missing).logs, members, PAGE)).toEqual({});
    const denied = new mongo.MongoServerError({ message: 'no', code: 13 });
    await expect(indexBounds(logWith(denied).logs, members, PAGE)).rejects.toMatchObject({
      code: 'DATABASE_UNAUTHORIZED',
    });
  });
});
