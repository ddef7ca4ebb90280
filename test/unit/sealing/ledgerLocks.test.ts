import { LEDGER_CHECKPOINT_KEY, ledgerTileKey, objectsOfLedger } from '../../../src/evidence/objectKeys';
import { verifyLedger } from '../../../activities/verifyLedger';
import { runAttempt } from '../../harness/activityAttempt';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 86_400_000;

function sealHour(deps: FakeDeps, hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  const window = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
  return new InProcessRun(deps).run({ jobId: `job-${hour}`, ...window });
}

const lockOf = ({ store }: FakeDeps, key: string): Date => store.versions(key).at(-1)!.lock.until;
const check = (deps: FakeDeps) => runAttempt({}, () => verifyLedger(deps));

describe('the locks of the ledger', () => {
  test('outlive the snapshot that is published with them', async () => {
    const deps = new FakeDeps();
    await sealHour(deps, 0);
    const { retainUntil } = deps.snapshots.snapshots.get('snap-job-0')!;
    for (const { key } of objectsOfLedger(1))
      expect(lockOf(deps, key).getTime()).toBeGreaterThan(Date.parse(retainUntil));
  });

  test('of the tiles that a job relies on are extended by this job', async () => {
    const deps = new FakeDeps();
    await sealHour(deps, 0);
    deps.clock.advance(YEAR_MS / 2);
    await sealHour(deps, 1);
    const newest = deps.snapshots.snapshots.get('snap-job-1')!;
    for (const key of [ledgerTileKey('entries', 0, 1), ledgerTileKey(0, 0, 1)])
      expect(lockOf(deps, key).getTime()).toBeGreaterThan(Date.parse(newest.retainUntil));
  });

  test('are extended by the scheduled check when they are due, and only then', async () => {
    const deps = new FakeDeps();
    for (const hour of [0, 1, 2]) await sealHour(deps, hour);
    const extensions = () => deps.store.faults.calls.filter((call) => call === 'extendLock').length;
    const before = extensions();
    await expect(check(deps)).resolves.toEqual({ ledgerSize: 3 });
    expect(extensions()).toBe(before);

    deps.clock.advance(YEAR_MS / 2);
    await check(deps);
    // A bundle, a tile and the checkpoint.
    expect(extensions()).toBe(before + 3);
    const neededUntil = deps.clock.nowMs() + deps.settings.retentionMs;
    for (const { key } of objectsOfLedger(3))
      expect(lockOf(deps, key).getTime()).toBeGreaterThan(neededUntil);
    await check(deps);
    expect(extensions()).toBe(before + 3);
  });
});

describe('the scheduled check', () => {
  test.each<[string, string, (deps: FakeDeps) => void]>([
    [
      'an old checkpoint on top',
      'LEDGER_ROLLED_BACK',
      ({ store }) => store.overwrite(LEDGER_CHECKPOINT_KEY, store.versions(LEDGER_CHECKPOINT_KEY)[0]!.body),
    ],
    ['rows that were rolled back', 'LEDGER_BEHIND', ({ ledger }) => void ledger.leaves.pop()],
    [
      'rows in another order',
      'LEDGER_FORKED',
      ({ ledger }) => void (ledger.leaves = ledger.leaves.toReversed()),
    ],
    [
      'a hidden bundle',
      'LEDGER_ROLLED_BACK',
      ({ store }) => void store.addDeleteMarker(ledgerTileKey('entries', 0, 3)),
    ],
  ])('names %s: %s', async (_what, code, attack) => {
    const deps = new FakeDeps();
    for (const hour of [0, 1, 2]) await sealHour(deps, hour);
    attack(deps);
    await expect(check(deps)).rejects.toMatchObject({ code });
  });
});
