import { HTTP_KINDS } from '../../harness/httpAnswers';
import { DISASTERS, FAULT_KINDS, SCENARIOS, formatPlan, parsePlan, type Plan } from '../../simulation/plan';
import { placePlan } from '../../simulation/placedPlan';
import { PLANTED_BUGS } from '../../simulation/plantedBugs';
import { restorePureFunctions, memoizePureFunctions } from '../../simulation/memoizedFunctions';
import { searchPlans } from '../../simulation/randomPlans';
import { isAnswer } from '../../simulation/serverAnswers';
import { simulate } from '../../simulation/simulate';
import { findViolation } from '../../simulation/bugSearch';

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

const PLANS = new Set<string>();

describe('planted bugs', () => {
  test.each([
    ['records are marked before the snapshot is signed', 'one/0:'],
    ['records are marked by time range', 'one/0:lateRecord@store.putOnce#1'],
    ['a failed marking counts as done', 'one/0:lost@records.updateLogImmutability'],
    ['a PUT has no condition', 'one/0:'],
    [
      'an existing object counts as ours, unread',
      'one/0:unacknowledged@store.putOnce,lateRecord@store.putOnce+1',
    ],
    ['a chunk is not read back', 'one/0:unacknowledged@store.putOnce,lateRecord@store.putOnce+1'],
    ['a PUT without an answer counts as done', 'one/0:lost@store.putOnce#3'],
    ['a lock that was not extended counts as extended', 'one/0:lost@store.extendLock#2'],
    ['the writes of finishing are not tried before signing', 'one/0:'],
    ['the lease of a finished snapshot is kept', 'one/0:'],
    [
      'overlapping snapshots that were sealed meanwhile are ignored',
      'takeover/0:runLostBefore@store.putOnce',
    ],
    [
      'a run that lost its lease signs all the same',
      'takeover/0:delayedLong@snapshots.setManifest+1,runLostBefore@snapshots.setManifest+2',
    ],
    ['the ledger checkpoint is replaced without a condition', 'sideBySide/0:delayed@ledger.list#2'],
    ['one chunk too many counts as marked', 'continued/0:'],
    ['the newest version of the key signs, whichever the manifest names', 'one/0:keyRotated@leases.sequence'],
    ['records pass through the workflow', 'one/0:'],
    ['a window is granted to an outdated request', 'one/0:delayedToEnd@leases.acquire'],
    ['the manifest contains the time of its creation', 'one/0:runLostBefore@snapshots.fixChunkCount'],
    ['the stored cursor is past the end of the window', 'one/0:runLostBefore@store.putOnce+1'],
    ['an audit entry that failed counts as written', 'one/0:lost@records.recordSnapshotCreated'],
    ['a job is reported before its snapshot is closed', 'one/0:'],
    ['a read from storage has no deadline', 'one/0:silent@store.get'],
    ['a write to storage has no deadline', 'one/0:silent@store.putOnce'],
    ['a call of Vault has no deadline', 'one/0:silent@signer.sign'],
    ['a write without a response counts as an existing object', 'one/0:silent@store.putOnce'],
    ['a lock without a response counts as extended', 'one/0:silent@store.extendLock#2'],
    ['an outdated node of Vault is final', 'one/0:outdated@signer.sign'],
    ['the answer of an outdated node of Vault counts as a signature', 'one/0:outdated@signer.sign'],
    ['a standby node of Vault is final', 'one/0:standby@signer.sign'],
    ['full storage is final', 'one/0:full@store.putOnce'],
    ['a database that changes its primary is final', 'one/0:standby@snapshots.addChunk'],
    ['a refused read counts as an absent object', 'readDenied/0:disaster@leases.acquire'],
    ['a refused read counts as an object that was altered', 'absentDenied/0:disaster@leases.acquire'],
    ['a refused write counts as an existing object', 'writeDenied/0:disaster@leases.acquire'],
    ['an error page counts as an absent object', 'one/0:htmlError@store.get#2'],
    ['reading an absent object is not tried before signing', 'absentDenied/0:disaster@snapshots.setManifest'],
    ['the extension of a lock is not tried before signing', 'lockDenied/0:disaster@snapshots.setManifest'],
    ['the key is not tried before signing', 'signDenied/0:disaster@snapshots.setManifest'],
  ])('the planted bug "%s" violates an invariant', async (bug, text) => {
    const plan = await placePlan(text);
    // Without the bug the plan violates nothing.
    expect((await simulate(plan)).violations).toEqual([]);
    expect(await findViolation(plan, PLANTED_BUGS[bug])).toBeDefined();
    PLANS.add(bug);
  });

  test('every planted bug has a plan that reveals it', () => {
    expect([...PLANS].toSorted()).toEqual(Object.keys(PLANTED_BUGS).toSorted());
  });
});

test('a random plan that violates an invariant shrinks to one from which no fault can be left out', async () => {
  const bug = PLANTED_BUGS['the manifest contains the time of its creation'];
  const breaks = async (plan: Plan) => (await findViolation(plan, bug)) !== undefined;
  const found = await searchPlans({ count: 60, seed: 4 }, breaks);
  const { faults, ...rest } = parsePlan(formatPlan(found!));
  expect(faults.length).toBeGreaterThan(0);
  expect(await breaks({ ...rest, faults })).toBe(true);
  for (const [index] of faults.entries())
    expect(await breaks({ ...rest, faults: faults.filter((_, other) => other !== index) })).toBe(false);
});

test('a plan that is parsed and formatted is the same text', () => {
  const text = 'one/7:lost@3,delayed@9';
  expect(formatPlan(parsePlan(text))).toBe(text);
  expect(() => parsePlan('two/1:')).toThrow('not a plan');
  expect(() => parsePlan('one/1:exploded@2')).toThrow('kinds are lost, unacknowledged');
});
