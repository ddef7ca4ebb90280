import { BSON } from 'bson';
import { Registry } from 'prom-client';
import type { ScheduleDescription, ScheduleSummary } from '@temporalio/client';
import { windowJobId } from '../../../../src/contract/scheduleJobIds';
import { snapshotIdOf } from '../../../../src/contract/names';
import type { Window } from '../../../../src/contract/window';
import { SnapshotError } from '../../../../src/errors';
import { manifestKey, LEDGER_CHECKPOINT_KEY } from '../../../../src/evidence/objectKeys';
import { probeGauges } from '../../../../src/monitoring/metrics';
import { DEFAULT_POLICY } from '../../../../src/schedule/scheduleSettings';
import type { VerifyRun } from '../../../../src/temporal/verifyRuns';
import { noneLeftOut } from '../../../../src/evidence/leftOut';
import { ineligibleProbe } from '../../../../src/worker/probes/ineligibleProbe';
import { ledgerProbe } from '../../../../src/worker/probes/ledgerProbe';
import { runProbes } from '../../../../src/worker/probes/probe';
import { retentionProbe } from '../../../../src/worker/probes/retentionProbe';
import { scheduleProbe } from '../../../../src/worker/probes/scheduleProbe';
import { verificationProbe } from '../../../../src/worker/probes/verificationProbe';
import { FakeDeps } from '../../../harness/fakeDeps';
import { InProcessRun } from '../../../harness/inProcessEngine';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-03-10T06:00:00.000Z');
const NEVER = new AbortController().signal;

function makeGauges() {
  const registry = new Registry();
  const gauges = probeGauges(registry);
  /** Samples of our metrics, as `name{labels}` without the prefix. */
  const samples = async () =>
    Object.fromEntries(
      [...(await registry.metrics()).matchAll(/^audit_snapshot_(\S+) (\S+)$/gm)].map(([, name, value]) => [
        name!,
        Number(value),
      ]),
    );
  return { gauges, samples };
}

/** A closed or open snapshot of the window that begins on this day. */
const row = (day: string, closed: boolean) => {
  const fromMs = Date.parse(`${day}T00:00:00.000Z`);
  const jobId = windowJobId('daily', fromMs);
  const window = { from: `${day}T00:00:00.000Z`, to: `${day}T23:59:59.999Z` };
  return { snapshotId: snapshotIdOf(jobId), jobId, origin: 'o', window, closed };
};

const dayOf = (number: number) => `2026-03-0${number}`;
const seal = (deps: FakeDeps, number: number) =>
  new InProcessRun(deps).run({
    jobId: `day-${number}`,
    from: `${dayOf(number)}T00:00:00.000Z`,
    to: `${dayOf(number)}T23:59:59.999Z`,
  });

function makeProbes(deps: FakeDeps) {
  const { gauges, samples } = makeGauges();
  const nowMs = () => deps.clock.nowMs();
  return {
    samples,
    ledger: ledgerProbe(Object.assign(deps, { gauges, nowMs })),
    retention: retentionProbe({ store: deps.store, ledger: deps.ledger, gauges, nowMs }),
  };
}

async function sealedDeps(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  deps.logEntries(3);
  await seal(deps, 1);
  await seal(deps, 2);
  return deps;
}

const run = (runId: string, result: VerifyRun['result'], day: number, counts?: VerifyRun['counts']) => ({
  runId,
  result,
  endedAtMs: NOW_MS - day * DAY_MS,
  counts,
});

describe('the probe of the schedules', () => {
  const input = { scheduleId: 'daily', everySeconds: 86_400, startAt: '2026-01-01T00:00:00Z' };
  function makeProbe(rows: ReturnType<typeof row>[]) {
    const { gauges, samples } = makeGauges();
    const state = { paused: false, ids: ['daily'] };
    const counted: Window[] = [];
    const ranges: string[] = [];
    const probe = scheduleProbe({
      schedules: {
        list: () => Promise.resolve(state.ids.map((scheduleId) => ({ scheduleId }) as ScheduleSummary)),
        find: () =>
          Promise.resolve({
            settings: { input, ...DEFAULT_POLICY },
            description: { state: { paused: state.paused } } as ScheduleDescription,
          }),
      },
      snapshots: {
        listSummaries: (from, until) => {
          ranges.push(`${from} ${until}`);
          return Promise.resolve(rows.filter(({ snapshotId }) => from <= snapshotId && snapshotId < until));
        },
      },
      records: {
        countUnsealed: (window) => {
          counted.push(window);
          return Promise.resolve(12);
        },
      },
      gauges,
      nowMs: () => NOW_MS,
    });
    return { probe, samples, state, counted, ranges };
  }

  test('it shows how far the schedule has sealed without a gap, its interval, and what waits', async () => {
    const rows = [row('2026-03-07', true), row('2026-03-08', true), row('2026-03-09', false)];
    const { probe, samples, counted, state } = makeProbe(rows);
    await probe.measure(NEVER);
    expect(await samples()).toMatchObject({
      'sealed_until_timestamp_seconds{schedule="daily"}': Date.parse('2026-03-09T00:00:00Z') / 1000,
      'schedule_interval_seconds{schedule="daily"}': 86_400,
      'schedule_paused{schedule="daily"}': 0,
      'unsealed_records{schedule="daily"}': 12,
    });
    expect(counted).toEqual([{ from: '2026-03-09T00:00:00.000Z', to: '2026-03-10T06:00:00.000Z' }]);

    state.paused = true;
    await probe.measure(NEVER);
    expect(await samples()).toMatchObject({ 'schedule_paused{schedule="daily"}': 1 });
  });

  test('a window that a later one was sealed before is a gap', async () => {
    const { probe, samples } = makeProbe([row('2026-03-06', true), row('2026-03-08', true)]);
    await probe.measure(NEVER);
    expect(await samples()).toMatchObject({
      'sealed_until_timestamp_seconds{schedule="daily"}': Date.parse('2026-03-07T00:00:00Z') / 1000,
    });
  });

  test('a schedule that sealed long ago, or never, is found with a few reads', async () => {
    const old = makeProbe([row('2026-01-01', true)]);
    await old.probe.measure(NEVER);
    expect(await old.samples()).toMatchObject({
      'sealed_until_timestamp_seconds{schedule="daily"}': Date.parse('2026-01-02T00:00:00Z') / 1000,
    });
    expect(old.ranges).toHaveLength(2);

    const never = makeProbe([]);
    await never.probe.measure(NEVER);
    expect(await never.samples()).toMatchObject({
      'sealed_until_timestamp_seconds{schedule="daily"}': Date.parse('2026-01-01T00:00:00Z') / 1000,
    });
  });

  test('the metrics of a schedule that was deleted end', async () => {
    const { probe, samples, state } = makeProbe([]);
    await probe.measure(NEVER);
    state.ids = [];
    await probe.measure(NEVER);
    expect(Object.keys(await samples()).filter((name) => name.includes('daily'))).toEqual([]);
  });
});

describe('the probe of the ledger', () => {
  test('it shows size, key age and that bucket and database agree, and later that they do not', async () => {
    const deps = await sealedDeps();
    const { ledger, samples } = makeProbes(deps);
    await ledger.measure(NEVER);
    expect(await samples()).toMatchObject({ ledger_size: 2, ledger_consistent: 1 });
    expect((await samples())['signing_key_age_seconds']).toBeGreaterThanOrEqual(0);

    const [first, second] = deps.ledger.leaves;
    deps.ledger.leaves = [second!, first!];
    await expect(ledger.measure(NEVER)).rejects.toMatchObject({ code: 'LEDGER_FORKED' });
    expect(await samples()).toMatchObject({ ledger_consistent: 0 });

    deps.ledger.leaves = [first!, second!];
    await ledger.measure(NEVER);
    expect(await samples()).toMatchObject({ ledger_consistent: 1 });
  });

  test('a database that was restored to an older state has a code of its own, and the size shows it', async () => {
    const deps = await sealedDeps();
    const { ledger, samples } = makeProbes(deps);
    await ledger.measure(NEVER);
    deps.ledger.leaves = deps.ledger.leaves.slice(0, 1);
    await expect(ledger.measure(NEVER)).rejects.toMatchObject({ code: 'LEDGER_BEHIND' });
    expect(await samples()).toMatchObject({ ledger_size: 1, ledger_consistent: 1 });
  });

  test('it shows how long the locks of the oldest snapshot and of the ledger last', async () => {
    const deps = await sealedDeps();
    const { retention, samples } = makeProbes(deps);
    await retention.measure(NEVER);
    const seconds = deps.settings.retentionMs / 1000;
    const before = await samples();
    expect(before['retention_remaining_seconds{scope="oldest_snapshot"}']).toBeCloseTo(seconds, -2);
    expect(before['retention_remaining_seconds{scope="ledger"}']).toBeGreaterThanOrEqual(seconds);

    const [version] = deps.store.versions(manifestKey(snapshotIdOf('day-1')));
    await deps.store.extendLock(
      manifestKey(snapshotIdOf('day-1')),
      version!.versionId,
      new Date(deps.clock.nowMs() + 2 * deps.settings.retentionMs),
    );
    await retention.measure(NEVER);
    const after = await samples();
    expect(after['retention_remaining_seconds{scope="oldest_snapshot"}']).toBeCloseTo(2 * seconds, -2);
  });

  test('a checkpoint without a lock has no time left', async () => {
    const deps = await sealedDeps();
    deps.store.overwrite(LEDGER_CHECKPOINT_KEY, Buffer.from('other'));
    const { retention, samples } = makeProbes(deps);
    await retention.measure(NEVER);
    expect((await samples())['retention_remaining_seconds{scope="ledger"}']).toBeLessThanOrEqual(0);
  });
});

describe('the probe of the verification', () => {
  test('it shows the last end with each result, and the drift of the latest complete run', async () => {
    const { gauges, samples } = makeGauges();
    const runs = [
      run('c', 'drift', 1, { altered: 2 }),
      run('a', 'verified', 3, { altered: 0 }),
      run('d', 'failed', 0),
      run('b', 'verified', 2, { altered: 0 }),
    ];
    const probe = verificationProbe({ readRuns: () => Promise.resolve(runs), gauges });
    await probe.measure(NEVER);
    expect(await samples()).toMatchObject({
      'last_verification_timestamp_seconds{result="verified"}': (NOW_MS - 2 * DAY_MS) / 1000,
      'last_verification_timestamp_seconds{result="drift"}': (NOW_MS - DAY_MS) / 1000,
      'last_verification_timestamp_seconds{result="failed"}': NOW_MS / 1000,
      'drift_records{kind="altered"}': 2,
      'drift_records{kind="deleted"}': 0,
    });

    runs.push(run('e', 'verified', -1, {}));
    await probe.measure(NEVER);
    expect(await samples()).toMatchObject({ 'drift_records{kind="altered"}': 0 });
  });

  test('without any run nothing is shown', async () => {
    const { gauges, samples } = makeGauges();
    await verificationProbe({ readRuns: () => Promise.resolve([]), gauges }).measure(NEVER);
    expect(Object.keys(await samples()).filter((name) => /verification|drift/.test(name))).toEqual([]);
  });
});

describe('repeated measurements', () => {
  test('a measurement that took long is repeated only after twenty times as long, and an error is logged once', async () => {
    const stopping = new AbortController();
    const clock = { nowMs: 0 };
    const pauses: number[] = [];
    const errors: string[] = [];
    const lines: string[] = [];
    const tookMs = [10, 5_000, 10, 10];
    await runProbes(
      [
        {
          name: 'slow',
          measure: () => {
            clock.nowMs += tookMs[pauses.length]!;
            return pauses.length < 3
              ? Promise.reject(new SnapshotError('DATABASE_UNREACHABLE', 'away'))
              : Promise.resolve();
          },
        },
      ],
      {
        intervalMs: 60_000,
        stopping: stopping.signal,
        nowMs: () => clock.nowMs,
        pause: (ms) => {
          if (pauses.push(ms) === tookMs.length) stopping.abort();
          return Promise.resolve();
        },
        onError: (code) => errors.push(code),
        log: { warn: (_facts, message) => lines.push(message) },
      },
    );
    expect(pauses).toEqual([60_000, 100_000, 60_000, 60_000]);
    expect(errors).toEqual(Array(3).fill('DATABASE_UNREACHABLE'));
    expect(lines).toHaveLength(1);
  });
});

test('the probe of ineligible records shows every kind, also those without a record, and leaves out what is acknowledged', async () => {
  const { gauges, samples } = makeGauges();
  const deps = new FakeDeps();
  for (const _id of [1, 2]) deps.records.addRaw(BSON.serialize({ _id, immutable: false, timestamp: 'x' }));
  const counts = await deps.records.countLeftOut({ uncovered: [] });
  const acknowledged = { ...noneLeftOut(), 'time-text': 1 };
  await ineligibleProbe(() => Promise.resolve({ counts, acknowledged, listed: [] }), gauges).measure(NEVER);
  expect(await samples()).toMatchObject({
    'ineligible_records{kind="time-text"}': 1,
    'ineligible_records{kind="time-missing"}': 0,
  });
});
