import { readTemporalConfig } from '../../src/config';
import { DEFAULT_POLICY } from '../../src/schedule/scheduleSettings';
import { AuditSchedules } from '../../src/temporal/schedules';
import { runCommand } from '../harness/commandLine';
import { uniqueName } from '../harness/deployment';
import { dayWindow } from '../harness/faultPoints';
import { registerNamespace } from '../harness/freshNamespace';
import { findViolations } from '../harness/invariants';
import { readQuiescentState } from '../harness/quiescentState';
import { Runbook } from '../harness/runbook';
import { backfillRun } from '../harness/scheduleRuns';
import { SealedLog } from '../harness/sealedLog';
import { Services } from '../harness/services';
import { WorkerHarness } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
const STAGES = [
  'queryBatch',
  'hashBatch',
  'sealManifest',
  'signManifest',
  'appendToLedger',
  'markImmutable',
] as const;
const WAYS = ['http', 'cli', 'cancel', 'lost'] as const;
const POINTS = WAYS.flatMap((way) => STAGES.map((stage) => ({ way, stage })));

/** One job for every stage and every way to end its state, over days before the first one of the schedule. */
const JOBS = POINTS.map(({ way, stage }, index) => {
  const window = dayWindow(index - POINTS.length);
  return { way, stage, jobId: `${way}-${stage.toLowerCase()}`, window };
});
const jobsOf = (way: (typeof WAYS)[number]) => JOBS.filter((job) => job.way === way);
const ROLLED_BACK: readonly string[] = ['queryBatch', 'hashBatch', 'sealManifest'];
const SCHEDULED = { from: dayWindow(0).from, to: dayWindow(3).to };
const FIRST_RUN = dayWindow(2).from;
const NEXT_RUN = dayWindow(4).from;

const schedulesOf = ({ client, env }: WorkerHarness) =>
  new AuditSchedules(client, readTemporalConfig(env).taskQueue, env['AUDIT_ORIGIN']);

/** The runs of each stage are terminated, then the whole Temporal server is replaced by an empty one. */
describe('jobs that lost their runs', () => {
  const [namespace, emptyNamespace] = [uniqueName('before-'), uniqueName('after-')];
  const services = new Services({ AUDIT_CHUNK_RECORDS: '3', TEMPORAL_NAMESPACE: namespace });
  const scheduleId = 'nightly';
  const sealed: string[] = [];
  let harness: WorkerHarness;

  beforeAll(async () => {
    await Promise.all([registerNamespace(namespace, 'ready'), registerNamespace(emptyNamespace)]);
    harness = await WorkerHarness.open(services.env);
    await services.startService();
    await Promise.all(JOBS.map(({ window }, seed) => harness.log(RECORDS, window, seed)));
    await harness.startWorker();
    await Promise.all(
      JOBS.map(async ({ jobId, stage, window }) => {
        const held = harness.activities.hold(jobId, stage, 'after');
        await harness.snapshots.start({ jobId, ...window });
        await held.reached();
        await harness.terminate(jobId);
      }),
    );
  }, 240_000);

  afterAll(async () => {
    await services.stop();
    await harness?.close();
  });

  async function expectSealed(jobIds: readonly string[]): Promise<void> {
    const ended = await Promise.all(jobIds.map((jobId) => services.ended(jobId)));
    for (const job of ended)
      expect(job).toMatchObject({ status: 'succeeded', result: { recordCount: RECORDS } });
    sealed.push(...jobIds);
  }

  describe('because they were terminated', () => {
    const runbook = new Runbook('The run of a job was terminated');

    test.each(['status', 'doctor'])('are named by %s, with the command that continues them', async (name) => {
      const { code, stdout } = await runCommand(harness.env, name);
      expect(code).not.toBe(0);
      for (const { jobId } of JOBS)
        expect(stdout).toContain(`job ${jobId} is running in the database, but no run of it is open`);
      expect(stdout).toContain('audit-snapshot retry');
    });

    test('are continued at every stage by POST /jobs/<jobId>/retry', async () => {
      const ids = jobsOf('http').map(({ jobId }) => jobId);
      const answers = ids.map((jobId) => services.request(`/jobs/${jobId}/retry`, { method: 'POST' }));
      for (const { status } of await Promise.all(answers)) expect(status).toBe(202);
      await expectSealed(ids);
    }, 240_000);

    test('are continued at every stage by the command of the runbook', async () => {
      const ids = jobsOf('cli').map(({ jobId }) => jobId);
      const ran = await Promise.all(ids.map((jobId) => runbook.run(harness.env, / retry /, { jobId })));
      expect(ran.map(({ code }) => code)).toEqual(ids.map(() => 0));
      for (const { stdout } of ran) expect(stdout).toContain(`sealed ${RECORDS} records`);
      await expectSealed(ids);
      const by = expect.stringContaining('@');
      for (const jobId of ids)
        expect(await services.job(jobId)).toMatchObject({ actions: [{ action: 'retry', by }] });
    }, 240_000);

    test('are rolled back, or finished once signing has begun, by the cancel command of the runbook', async () => {
      const jobs = jobsOf('cancel');
      const ran = await Promise.all(jobs.map(({ jobId }) => runbook.run(harness.env, / cancel /, { jobId })));
      expect(ran.map(({ code }) => code)).toEqual(jobs.map(() => 0));
      const [back, finished] = [true, false].map((isBack) =>
        jobs.filter(({ stage }) => ROLLED_BACK.includes(stage) === isBack),
      );
      await expectSealed(finished!.map(({ jobId }) => jobId));
      for (const { jobId } of back!)
        expect(await services.ended(jobId)).toMatchObject({ status: 'cancelled', result: null });
      // Their windows are free: new jobs seal them.
      await expectSealed(await Promise.all(back!.map(({ window }) => services.submit(window))));
    }, 240_000);

    test('need no other command than those of the runbook', () => {
      expect(runbook.unused).toEqual([]);
    });
  });

  describe('because Temporal lost its database', () => {
    const runbook = new Runbook('Temporal lost its database');
    const lost = jobsOf('lost').map(({ jobId }) => jobId);
    let after: WorkerHarness;

    beforeAll(async () => {
      const schedules = schedulesOf(harness);
      await harness.log(RECORDS, SCHEDULED, JOBS.length);
      const input = { scheduleId, everySeconds: 86_400, startAt: SCHEDULED.from };
      await schedules.create({ ...DEFAULT_POLICY, input }, { paused: true, sameStart: true });
      await backfillRun(harness.client, schedules, scheduleId, FIRST_RUN);
      // The activities that are still held belong to runs that the empty server does not know either.
      harness.activities.releaseAll();
      await harness.activities.idle();
      after = await WorkerHarness.open({ ...services.env, TEMPORAL_NAMESPACE: emptyNamespace });
    }, 240_000);

    afterAll(async () => {
      if (after) await schedulesOf(after).delete(scheduleId);
      await after?.close();
    });

    test('are named by status, and the runbook prepares the empty namespace', async () => {
      const { code, stdout } = await runCommand(after.env, 'status');
      expect(code).toBe(6);
      for (const jobId of lost) expect(stdout).toContain(`job ${jobId} is running in the database`);
      const doctor = await runbook.run(after.env, / doctor /);
      expect(doctor.stdout).toContain('search attributes: registered: AuditJobId');
    }, 120_000);

    test('are all started again by one command, and finish', async () => {
      await after.startWorker();
      const { code, stdout } = await runbook.run(after.env, / retry /);
      expect(stdout).toContain(`${lost.length} jobs have no run; ${lost.length} started again`);
      expect(code).toBe(0);
      await expectSealed(lost);
    }, 240_000);

    test('do not keep a schedule that is created again from its first window that is not sealed', async () => {
      const created = await runbook.run(after.env, / schedule create /);
      expect(created).toMatchObject({ code: 0, stdout: expect.stringContaining('created schedule nightly') });
      const run = await backfillRun(after.client, schedulesOf(after), scheduleId, NEXT_RUN);
      expect(run.windows.map(({ window }) => window.from)).toEqual([dayWindow(2).from, dayWindow(3).from]);
    }, 120_000);

    test('leave nothing: every record is sealed once, no window is reserved, and status is healthy', async () => {
      expect(runbook.unused).toEqual([]);
      const window = { from: JOBS[0]!.window.from, to: SCHEDULED.to };
      const state = await readQuiescentState({ env: after.env, window, jobs: sealed });
      const violations = await findViolations(state);
      // The doctor leaves the object on which it tried a lock.
      expect(violations.filter((violation) => !violation.startsWith('object doctor/'))).toEqual([]);
      const log = await SealedLog.read(services.env);
      expect(log.gaps(window.from, NEXT_RUN)).toEqual([]);
      expect(await runCommand(after.env, 'status')).toMatchObject({ code: 0 });
    }, 120_000);
  });
});
