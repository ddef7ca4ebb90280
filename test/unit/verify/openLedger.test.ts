import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { openLedger, reopenLedger } from '../../../src/verify/openLedger';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

async function sealHour(deps: FakeDeps, hour: number): Promise<void> {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * 3_600_000;
  const window = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + 3_599_999).toISOString() };
  await new InProcessRun(deps).run({ jobId: `job-${hour}`, ...window });
}

test('a ledger that was verified is not read again until its checkpoint changes', async () => {
  const deps = new FakeDeps();
  await sealHour(deps, 0);
  const first = await openLedger(deps);
  expect(await reopenLedger(deps)).toBe(first);
  await sealHour(deps, 1);
  expect((await reopenLedger(deps)).size).toBe(2);
  deps.store.overwrite(LEDGER_CHECKPOINT_KEY, first.checkpoint);
  await expect(reopenLedger(deps)).rejects.toMatchObject({ code: 'EVIDENCE_INVALID' });
});
