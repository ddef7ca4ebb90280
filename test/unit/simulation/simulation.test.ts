import { HTTP_KINDS } from '../../harness/httpAnswers';
import { DISASTERS, FAULT_KINDS, SCENARIOS, formatPlan, parsePlan } from '../../simulation/plan';
import { placePlan } from '../../simulation/placedPlan';
import { restorePureFunctions, memoizePureFunctions } from '../../simulation/memoizedFunctions';
import { isAnswer } from '../../simulation/serverAnswers';
import { simulate } from '../../simulation/simulate';

beforeAll(memoizePureFunctions);
afterAll(restorePureFunctions);

describe('simulated runs', () => {
  test.each([...SCENARIOS, ...DISASTERS])(
    'the scenario %s without a fault violates no invariant',
    async (scenario) => {
      expect((await simulate({ scenario, order: 0, faults: [] })).violations).toEqual([]);
    },
  );

  test('two simulations of one plan make the same calls', async () => {
    const plan = parsePlan('overlapping/77:delayed@20,workerDiedAfter@41');
    const [one, other] = [await simulate(plan), await simulate(plan)];
    expect([one.calls, [...one.fired]]).toEqual([other.calls, [...other.fired]]);
    expect(one.fired.get('store.putOnce delayed') ?? one.fired.size).toBeGreaterThan(0);
  });

  test.each([
    [
      'two jobs that lose their windows to each other',
      'overlapping/0:lost@jobs.ensure,cancelled@leases.acquire,runLostBefore@store.putOnce',
    ],
    [
      'two jobs that lose their windows in another order',
      'overlapping/2:runLostBefore@jobs.ensure,lost@signer.listKeys#2,runLostBefore@store.putOnce',
    ],
    ['a lease request that arrives after the job has ended', 'one/0:delayedToEnd@leases.acquire'],
    ['a late lease whose release is lost', 'one/0:delayedToEnd@leases.acquire,lost@leases.acquire#3'],
    ['a ledger that is restored while an entry is published', 'restored/0:disaster@ledger.append+1'],
    ['rights that are lost before anything is signed', 'rightsLost/0:disaster@leases.acquire'],
    [
      'an opening that arrives after a job without rights has ended',
      'rightsLost/0:disaster@snapshots.find,delayedToEnd@jobs.ensure',
    ],
    [
      'a key that is rotated while the clock of a worker is an hour ahead',
      'one/0:clockForward@jobs.ensure,keyRotated@leases.sequence',
    ],
    ['rights that are lost while a snapshot is signed', 'rightsLost/0:disaster@leases.beginSigning'],
    ['rights that are lost while records are marked', 'rightsLost/0:disaster@ledger.append+1'],
    [
      'the right to write that is lost once the manifest is stored',
      'writeDenied/0:disaster@snapshots.setManifest',
    ],
    [
      'the right to list that is lost once the manifest is stored',
      'listDenied/0:disaster@snapshots.setManifest',
    ],
    [
      'the right to sign that is lost while the manifest is signed',
      'signDenied/0:disaster@leases.beginSigning',
    ],
    ['a first report that arrives after the job has failed', 'tampered/0:delayedToEnd@jobs.ensure'],
  ])('%s violates no invariant', async (_what, plan) => {
    expect((await simulate(await placePlan(plan))).violations).toEqual([]);
  });

  test.each(['lost', 'unacknowledged'])(
    'a run in which any one call is "%s" violates no invariant',
    async (kind) => {
      const { calls } = await simulate(parsePlan('one/0:'));
      expect(calls).toBeGreaterThan(50);
      for (let at = 1; at <= calls; at++)
        expect([at, (await simulate(parsePlan(`one/0:${kind}@${at}`))).violations]).toEqual([at, []]);
    },
  );

  test.each(FAULT_KINDS)(
    'a run with the fault "%s" at some of its calls violates no invariant',
    async (kind) => {
      const { calls } = await simulate(parsePlan('one/0:'));
      // Answers of servers lead to the same few errors; the campaign has them at every call.
      const stride = isAnswer(kind) ? 31 : 9;
      for (let at = 1; at <= calls; at += stride) {
        const plan = parsePlan(`one/0:${kind}@${at}`);
        expect([formatPlan(plan), (await simulate(plan)).violations]).toEqual([formatPlan(plan), []]);
      }
    },
  );
});

describe('the release of a lease', () => {
  // The lease is in the database.
  const kinds = FAULT_KINDS.filter((kind) => !HTTP_KINDS.includes(kind));

  test.each(kinds)('the release of a lease with the fault "%s" violates no invariant', async (kind) => {
    const takeover = await placePlan('takeover/0:runLostBefore@snapshots.lastChunk');
    const { sites } = await simulate(takeover);
    const at = sites.indexOf('leases.release') + 1;
    expect(at).toBeGreaterThan(0);
    const { violations, fired } = await simulate({ ...takeover, faults: [...takeover.faults, { at, kind }] });
    expect(violations).toEqual([]);
    expect(fired.get(`leases.release ${kind}`)).toBe(1);
  });
});

test('a plan that is parsed and formatted is the same text', () => {
  const text = 'one/7:lost@3,delayed@9';
  expect(formatPlan(parsePlan(text))).toBe(text);
  expect(() => parsePlan('two/1:')).toThrow('not a plan');
  expect(() => parsePlan('one/1:exploded@2')).toThrow('kinds are lost, unacknowledged');
});
