import { formatPlan, parsePlan, type Fault } from '../chaos/plan';
import { runBatch, type RunOutcome } from '../chaos/runBatch';
import { ChaosEnvironment } from '../chaos/chaosEnvironment';

/** Faults of the connections of a run. */
const CONNECTIONS = [
  'one/400:storage.lost@queryBatch.call#2,storage.unacknowledged@queryBatch.before#4,storage.503@hashBatch.call#8,vault.429@signManifest.call#4,service.unacknowledged@reportJob.before#1',
  'late/400:storage.requestCut@queryBatch.before#3,storage.answerCut@hashBatch.before#5,vault.unacknowledged@signManifest.call#5,mongo.lost@markImmutable.call#4,service.lost@reportJob.call#1',
  'overlapping/400:mongo.unacknowledged@hashBatch.call#3,mongo.cut@sealManifest.before#1,temporal.cut@registerAsset.before#1,storage.507@appendToLedger.call#3,storage.429@markImmutable.before#2',
  'direct/400:mongo.refused@hashBatch.before#2,temporal.refused@sealManifest.before#1,storage.refused@registerAsset.before#1,vault.slow@appendToLedger.before#1,mongo.slow@markImmutable.before#2',
];

/** Faults of processes, and actions of operators. */
const PROCESSES = [
  'one/400:worker.killed@queryBatch.after#3,worker.killed@signManifest.call#7,run.reset@markImmutable.after#2,worker.killed@recordSnapshot.call#4',
  'overlapping/400:run.terminated@signManifest.call#6,service.killed@registerAsset.before#1,worker.second@markImmutable.before#3',
  'direct/400:run.cancelled@hashBatch.before#3,worker.replaced@sealManifest.before#1,worker.clockAhead@appendToLedger.before#1',
  'late/400:worker.frozen@markImmutable.call#6,run.cancelled@registerAsset.call#4,service.frozen@recordSnapshot.before#1',
];

/** Faults of servers, and with them of every run of the batch. */
const SERVERS = [
  'one/400:mongo.killed@hashBatch.call#5,vault.keyRotated@queryBatch.before#2,storage.full@queryBatch.call#9,temporal.killed@markImmutable.before#3',
  'direct/400:storage.killed@queryBatch.before#4,vault.sealed@signManifest.before#1,mongo.frozen@markImmutable.before#2',
  'overlapping/400:vault.tokensRevoked@sealManifest.before#1,temporal.frozen@registerAsset.before#1,temporal.databaseLost@markImmutable.call#9',
];

describe('real processes on real servers with injected faults', () => {
  let environment: ChaosEnvironment;
  const outcomes: RunOutcome[] = [];

  beforeAll(async () => {
    environment = await ChaosEnvironment.start();
  }, 120_000);

  afterAll(async () => {
    await environment.stop(outcomes.every(({ violations }) => violations.length === 0));
  }, 60_000);

  async function run(plans: readonly string[]): Promise<readonly Fault[]> {
    const entries = plans.map((plan) => ({ plan: parsePlan(plan) }));
    const ended = await runBatch(entries, environment);
    outcomes.push(...ended);
    expect(ended.map(({ plan, violations }) => [formatPlan(plan), violations])).toEqual(
      plans.map((plan) => [plan, []]),
    );
    return ended.flatMap(({ fired }) => fired);
  }

  test.each([
    ['connections', CONNECTIONS],
    ['processes and runs', PROCESSES],
    ['servers', SERVERS],
  ])(
    'no record is lost or sealed twice when faults are injected into %s',
    async (_what, plans) => {
      const fired = await run(plans);
      // A run may end before one of its faults; a batch without faults would prove nothing.
      expect(fired.length).toBeGreaterThan(plans.length);
    },
    300_000,
  );

  test('a PUT without a condition whose answer is lost violates an invariant', async () => {
    const plan = parsePlan('one/300:storage.unacknowledged@queryBatch.call#2');
    const [outcome] = await runBatch([{ plan, bug: 'a PUT has no condition' }], environment);
    expect(outcome?.violations.join('\n')).toMatch(/object snapshots\/.* has 2 versions/);
  }, 300_000);
});
