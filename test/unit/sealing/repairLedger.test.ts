import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { repairLedger } from '../../../src/sealing/repairLedger';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun, type InProcessOptions } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;

function sealHour(deps: FakeDeps, hour: number, options: InProcessOptions = {}) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  const window = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
  deps.logEntries(2, window.from);
  return new InProcessRun(deps, options).run({ jobId: `job-${hour}`, ...window });
}

async function sealHours(count: number): Promise<FakeDeps> {
  const deps = new FakeDeps();
  for (let hour = 0; hour < count; hour++) await sealHour(deps, hour);
  return deps;
}

const repair = (deps: FakeDeps) => repairLedger(Object.assign(deps, { ledgerIndex: new LedgerIndex() }));
const GARBAGE = { snapshotId: 'snap-x', entry: Buffer.from('garbage') };

describe('the repair of the ledger in the database', () => {
  test('changes nothing where the rows are right', async () => {
    const deps = await sealHours(3);
    await expect(repair(deps)).resolves.toEqual({ size: 3, restored: 0, removed: 0, reason: null });
  });

  test('removes an inserted row and those after it, and failed jobs can be run again', async () => {
    const deps = await sealHours(2);
    deps.ledger.leaves.push(GARBAGE);
    await expect(sealHour(deps, 2)).rejects.toMatchObject({ type: 'LEDGER_ENTRY_INVALID' });
    await expect(repair(deps)).resolves.toMatchObject({
      size: 2,
      removed: 2,
      reason: expect.stringContaining('ledger entry 2 in the database is not a ledger entry'),
    });
    await expect(sealHour(deps, 2)).resolves.toMatchObject({ ledgerIndex: 2 });
  });

  test('keeps a sealed entry that is not published yet', async () => {
    const deps = await sealHours(2);
    // Every attempt of the job: the first, which makes progress, and three that make none.
    for (let nth = 2; nth < 6; nth++) deps.store.faults.failCall('replace', nth, 'lost');
    await expect(sealHour(deps, 2, { maxAttempts: 1 })).rejects.toThrow('lost, as planned');
    const rows = deps.ledger.leaves;
    deps.ledger.leaves = [...rows, GARBAGE];
    await expect(repair(deps)).resolves.toMatchObject({ size: 3, removed: 1 });
    expect(deps.ledger.leaves).toEqual(rows);
  });

  test.each([
    ['lost', (): [] => []],
    ['restored to an older state', (rows: FakeDeps['ledger']['leaves']) => rows.slice(0, 1)],
    ['put in another order', (rows: FakeDeps['ledger']['leaves']) => rows.toReversed()],
  ])('rebuilds rows that were %s from the bucket', async (_what, change) => {
    const deps = await sealHours(3);
    const rows = deps.ledger.leaves;
    deps.ledger.leaves = change(rows);
    await expect(repair(deps)).resolves.toMatchObject({ size: 3 });
    expect(deps.ledger.leaves).toEqual(rows);
    await expect(sealHour(deps, 3)).resolves.toMatchObject({ ledgerIndex: 3 });
  });

  test('changes nothing when the bucket was rolled back', async () => {
    const deps = await sealHours(3);
    deps.store.overwrite(LEDGER_CHECKPOINT_KEY, deps.store.versions(LEDGER_CHECKPOINT_KEY)[0]!.body);
    const rows = deps.ledger.leaves;
    await expect(repair(deps)).rejects.toMatchObject({ code: 'LEDGER_ROLLED_BACK' });
    expect(deps.ledger.leaves).toBe(rows);
  });
});
