import { snapshotIdOf } from '../../../src/contract/names';
import { SnapshotError, type ErrorCode } from '../../../src/errors';
import { manifestKey, manifestSignatureKey } from '../../../src/evidence/objectKeys';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';
import { LOST_RIGHTS, takeRight } from '../../simulation/lostRights';

const INPUT = {
  jobId: 'day-one',
  from: '2026-03-01T00:00:00.000Z',
  to: '2026-03-01T23:59:59.999Z',
  maxAttempts: 1,
};
const SNAPSHOT = snapshotIdOf(INPUT.jobId);

const refusal = (code: ErrorCode) => new SnapshotError(code, 'refused, as planned');

/** Each takes one thing away that is needed after signing began, and what the job ends with. */
const LOST: Readonly<Record<string, readonly [code: ErrorCode, take: (deps: FakeDeps) => void]>> = {
  'the rights in the database': [
    'DATABASE_UNAUTHORIZED',
    ({ writeCheck }) => writeCheck.faults.refuse(refusal('DATABASE_UNAUTHORIZED'), 'tryWrites'),
  ],
  'a validator that accepts the mark': [
    'DATABASE_FAILED',
    ({ writeCheck }) => writeCheck.faults.refuse(refusal('DATABASE_FAILED'), 'tryWrites'),
  ],
  'the key version': [
    'KEY_VERSION_UNAVAILABLE',
    ({ signer }) => signer.faults.refuse(refusal('KEY_VERSION_UNAVAILABLE'), 'sign'),
  ],
  'a key version that was in force when the snapshot was opened': [
    'KEY_NOT_IN_FORCE',
    ({ clock, leases, signer }) => {
      const sequence = leases.sequence.bind(leases);
      // After the key was chosen, it is rotated by a clock that is more than ten minutes slower.
      leases.sequence = () => {
        clock.advance(-600_001);
        signer.rotate();
        clock.advance(600_001);
        leases.sequence = sequence;
        return sequence();
      };
    },
  ],
  'the right to extend a lock': [
    'STORAGE_UNAUTHORIZED',
    ({ store }) => store.faults.refuse(refusal('STORAGE_UNAUTHORIZED'), 'extendLock'),
  ],
  'the right to read a lock': [
    'STORAGE_UNAUTHORIZED',
    ({ store }) => store.faults.refuse(refusal('STORAGE_UNAUTHORIZED'), 'readLock'),
  ],
  'the timestamp authority': [
    'TIMESTAMP_FAILED',
    (deps) => {
      deps.timestamper = { timestamp: () => Promise.reject(refusal('TIMESTAMP_FAILED')) };
    },
  ],
};

describe('before signing', () => {
  test.each(LOST_RIGHTS)(
    'a job that loses a right (%s) once its manifest is stored signs nothing, and its window is free',
    async (right) => {
      const deps = new FakeDeps();
      deps.logEntries(6);
      const before = (name: string) => (name === 'signManifest' ? takeRight(right, deps) : undefined);
      await expect(new InProcessRun(deps, { before }).run(INPUT)).rejects.toMatchObject({
        type: expect.stringMatching(/^(STORAGE|SIGNER)_UNAUTHORIZED$/) as string,
      });
      expect(deps.store.keys()).toContain(manifestKey(SNAPSHOT));
      expect(deps.store.keys()).not.toContain(manifestSignatureKey(SNAPSHOT));
      expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
    },
  );

  test.each(Object.entries(LOST))(
    'a job without %s ends with its code, nothing is signed, and its window is free',
    async (_what, [code, take]) => {
      const deps = new FakeDeps();
      deps.logEntries(6);
      take(deps);
      await expect(new InProcessRun(deps).run(INPUT)).rejects.toMatchObject({ type: code });
      expect(deps.store.keys()).toContain(manifestKey(SNAPSHOT));
      expect(deps.store.keys()).not.toContain(manifestSignatureKey(SNAPSHOT));
      expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
      expect(deps.records.markCounts.size).toBe(0);
    },
  );

  test('a store that answers 403 for an absent object ends the job with its code, and its window is free', async () => {
    const deps = new FakeDeps();
    deps.logEntries(6);
    const get = deps.store.get.bind(deps.store);
    deps.store.get = async (...args) => {
      const found = await get(...args);
      if (!found && args[0] === manifestSignatureKey(SNAPSHOT)) throw refusal('STORAGE_UNAUTHORIZED');
      return found;
    };
    await expect(new InProcessRun(deps).run(INPUT)).rejects.toMatchObject({ type: 'STORAGE_UNAUTHORIZED' });
    expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
  });

  test('a snapshot whose key was rotated within the allowance for clocks is sealed with the version it was opened with', async () => {
    const deps = new FakeDeps();
    deps.logEntries(6);
    const sequence = deps.leases.sequence.bind(deps.leases);
    deps.leases.sequence = () => {
      deps.leases.sequence = sequence;
      deps.clock.advance(-600_000);
      deps.signer.rotate();
      deps.clock.advance(600_000);
      return sequence();
    };
    expect(await new InProcessRun(deps).run(INPUT)).toMatchObject({ recordCount: 6 });
    expect(await deps.snapshots.find(SNAPSHOT)).toMatchObject({ keyVersion: 1 });
  });

  test('the trial signs a message of the size of a statement that no verifier accepts as one', async () => {
    const deps = new FakeDeps();
    deps.logEntries(6);
    const messages: string[] = [];
    const sign = deps.signer.sign.bind(deps.signer);
    deps.signer.sign = (message, version) => {
      messages.push(message.toString());
      return sign(message, version);
    };
    await new InProcessRun(deps).run(INPUT);
    const [trial = '', statement = ''] = messages;
    expect(trial).toMatch(/^audit-snapshot\/preflight\/v1\n/);
    expect(trial.split('\n').slice(1)).toEqual(statement.split('\n').slice(1));
  });

  test('the writes are tried with the asset of real size and records of the snapshot', async () => {
    const deps = new FakeDeps();
    const ids = deps.logEntries(6);
    await new InProcessRun(deps).run(INPUT);
    const [tried] = deps.writeCheck.tried;
    const [asset] = [...deps.assets.assets.values()];
    expect(tried?.asset?.objects.length).toBeGreaterThanOrEqual(asset!.objects.length);
    expect(ids).toEqual(expect.arrayContaining([...tried!.recordIds]));
    expect(tried!.recordIds.length).toBeGreaterThan(1);
  });

  test('once signing began the trials are not repeated, so they cannot keep a snapshot from being finished', async () => {
    const deps = new FakeDeps();
    deps.logEntries(6);
    await expect(new InProcessRun(deps, { dieBefore: 'registerAsset' }).run(INPUT)).rejects.toThrow('died');
    deps.writeCheck.faults.refuse(refusal('DATABASE_FAILED'), 'tryWrites');
    expect(await new InProcessRun(deps).run(INPUT)).toMatchObject({ recordCount: 6 });
  });
});
