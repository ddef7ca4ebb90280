import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { publishLedger } from '../../../src/sealing/publishLedger';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';
import { overrideMethods } from '../../harness/overrideMethods';

const windowOf = (hour: number) => ({
  from: `2026-03-01T0${hour}:00:00.000Z`,
  to: `2026-03-01T0${hour}:59:59.999Z`,
});

const seal = (deps: FakeDeps, hour: number) =>
  new InProcessRun(deps).run({ jobId: `job-${hour}`, ...windowOf(hour) });

/** Runs `action` once, at the first call. */
function once(action: () => Promise<unknown>): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    isDone = true;
    await action();
  };
}

const signal = new AbortController().signal;

test('a publisher that read the checkpoint before another job of its process published accuses nobody', async () => {
  const deps = new FakeDeps();
  await seal(deps, 0);
  const publishMeanwhile = once(() => seal(deps, 1));
  const store = overrideMethods(deps.store, {
    get: async (key, maxBytes, versionId) => {
      const stored = await deps.store.get(key, maxBytes, versionId);
      if (key === LEDGER_CHECKPOINT_KEY) await publishMeanwhile();
      return stored;
    },
  });
  await expect(publishLedger(overrideMethods(deps, { store }), signal)).resolves.toBe(2);
});

test.each([
  ['the same process', (deps: FakeDeps) => deps.ledgerIndex],
  ['another process', () => new LedgerIndex()],
])(
  'a job that found no checkpoint before a job of %s published the first one accuses nobody',
  async (_where, indexOf) => {
    const deps = new FakeDeps();
    const publishMeanwhile = once(() => seal(deps, 1));
    const store = overrideMethods(deps.store, {
      get: async (key, maxBytes, versionId) => {
        const stored = await deps.store.get(key, maxBytes, versionId);
        if (key === LEDGER_CHECKPOINT_KEY) await publishMeanwhile();
        return stored;
      },
    });
    const other = overrideMethods(deps, { store, ledgerIndex: indexOf(deps) });
    await expect(seal(other, 0)).resolves.toMatchObject({ ledgerIndex: 1 });
  },
);

test('a publisher whose entries another job of its process published meanwhile accuses nobody', async () => {
  const deps = new FakeDeps();
  await seal(deps, 0);
  const publishMeanwhile = once(() => publishLedger(deps, signal));
  const ledger = overrideMethods(deps.ledger, {
    list: async (from, until) => {
      const entries = await deps.ledger.list(from, until);
      await publishMeanwhile();
      return entries;
    },
  });
  await new InProcessRun(overrideMethods(deps, { ledger })).run({ jobId: 'job-1', ...windowOf(1) });
  await expect(publishLedger(deps, signal)).resolves.toBe(2);
  expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(2);
});
