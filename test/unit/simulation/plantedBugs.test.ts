import { PLANTED_BUGS } from '../../simulation/plantedBugs';
import { findViolation } from '../../simulation/bugSearch';
import { restorePureFunctions, memoizePureFunctions } from '../../simulation/memoizedFunctions';
import { placePlan } from '../../simulation/placedPlan';
import { formatPlan, parsePlan, type Plan } from '../../simulation/plan';
import { searchPlans } from '../../simulation/randomPlans';
import { simulate } from '../../simulation/simulate';

beforeAll(memoizePureFunctions);
afterAll(restorePureFunctions);

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
    ['an error page counts as an absent object', 'one/0:htmlError@store.get#4'],
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
