import type { AuditScheduleResult } from '../../src/contract/schedule';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { MAX_CHUNK_BYTES } from '../../src/evidence/limits';
import { readRecord } from '../../src/evidence/recordBytes';
import { DEFAULT_POLICY } from '../../src/schedule/scheduleSettings';
import { AuditSchedules } from '../../src/temporal/schedules';
import { listVersions } from '../harness/bucket';
import { runCommand } from '../harness/commandLine';
import { DatabaseCopy } from '../harness/databaseCopy';
import { uniqueName } from '../harness/deployment';
import { dayWindow } from '../harness/faultPoints';
import { Runbook } from '../harness/runbook';
import { backfillRun } from '../harness/scheduleRuns';
import { SealedLog } from '../harness/sealedLog';
import { Services, type JobView } from '../harness/services';
import { WorkerHarness, type RunningWorker } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
/** The schedule seals from day 0 on; single jobs seal days before. */
const LOGGED = [-3, -2, -1, 0, 1, 2, 3, 4];
/** What only a signed snapshot has, and the ledger. */
const SIGNED = /\.sig$|\/checkpoint$|^ledger\//;

/**
 * One deployment that loses its database twice. After each loss the runbook is followed as it is written, and jobs and
 * schedule continue.
 */
describe('a database that was lost', () => {
  const services = new Services({ AUDIT_CHUNK_RECORDS: '3' });
  const scheduleId = uniqueName('nightly-');
  const interrupted = { unsigned: uniqueName('unsigned-'), unmarked: uniqueName('unmarked-') };
  let harness: WorkerHarness;
  let worker: RunningWorker;
  let schedules: AuditSchedules;

  beforeAll(async () => {
    harness = await WorkerHarness.open(services.env);
    await services.startService();
    worker = await harness.startWorker();
    schedules = new AuditSchedules(harness.client, services.env['TEMPORAL_TASK_QUEUE']);
    const input = { scheduleId, everySeconds: 86_400, startAt: dayWindow(0).from };
    await schedules.create({ ...DEFAULT_POLICY, input }, { paused: true, sameStart: true });
    for (const day of LOGGED) await logDay(day);
  }, 240_000);

  afterAll(async () => {
    await schedules?.delete(scheduleId);
    await services.stop();
    await harness?.close();
  });

  const logDay = (day: number) => harness.log(RECORDS, dayWindow(day), 100 + day);
  /** Lets the schedule seal every day before this one that is not sealed yet. */
  const sealBefore = (day: number): Promise<AuditScheduleResult> =>
    backfillRun(harness.client, schedules, scheduleId, dayWindow(day).from);
  const sealDay = async (day: number): Promise<JobView> =>
    services.ended(await services.submit(dayWindow(day)));
  const countMarked = () => harness.database.collection('auditlogs').countDocuments({ immutable: true });

  const listAll = (prefix: string) => listVersions(prefix, services.env['S3_BUCKET'], harness.env);
  const listSigned = async () => (await listAll('')).filter(({ key }) => SIGNED.test(key));

  async function stopProcesses(): Promise<void> {
    await worker.stop();
    await services.stop();
  }

  async function startProcesses(): Promise<void> {
    worker = await harness.startWorker();
    await services.startService();
  }

  /** How many records all chunks of the bucket have, and how many of them are different. */
  async function countStored(): Promise<{ all: number; different: number }> {
    const ids: string[] = [];
    for (const { key, versionId } of await listAll('snapshots/')) {
      if (!key.endsWith('.bson.gz')) continue;
      const { body } = (await harness.deps.store.get(key, MAX_CHUNK_BYTES, versionId))!;
      for (const raw of splitRecords(await unpackChunk(body))) ids.push(readRecord(raw).id);
    }
    return { all: ids.length, different: new Set(ids).size };
  }

  async function expectSealedOnce(records: number, until: number): Promise<void> {
    expect(await countStored()).toEqual({ all: records, different: records });
    expect(await countMarked()).toBe(records);
    const log = await SealedLog.read(services.env);
    expect(log.gaps(log.windows()[0]![0], dayWindow(until).from)).toEqual([]);
    expect(log.twice()).toEqual([]);
  }

  /** Follows the runbook from its first to its last command. */
  async function followRunbook(restored: number, records: number): Promise<void> {
    const runbook = new Runbook('The database was lost or restored to an older state');
    await runbook.pinKeys(harness.env);
    expect(await runbook.run(harness.env, / indexes create$/)).toMatchObject({ code: 0 });
    const before = await harness.fingerprint();
    const dry = await runbook.run(harness.env, / --dry-run$/);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining(`${restored} snapshots`) });
    expect(await harness.fingerprint()).toEqual(before);
    expect(await runbook.run(harness.env, / --records$/)).toMatchObject({ code: 0 });
    const verified = await runbook.run(harness.env, / verify --live /);
    expect({ code: verified.code, stdout: verified.stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      stdout: 'VERIFIED',
    });
    expect(runbook.unused).toEqual([]);
    expect(await countMarked()).toBe(records);
  }

  describe('in favour of an older copy', () => {
    const results = new Map<string, JobView['result']>();

    beforeAll(async () => {
      await sealBefore(2);
      // The copy has two jobs that are under way: one before its signature, one before its marks.
      const held = [
        harness.activities.hold(interrupted.unsigned, 'signManifest', 'before'),
        harness.activities.hold(interrupted.unmarked, 'markImmutable', 'before'),
      ];
      const runs = await Promise.all([
        harness.snapshots.start({ jobId: interrupted.unsigned, ...dayWindow(-1) }),
        harness.snapshots.start({ jobId: interrupted.unmarked, ...dayWindow(-2) }),
      ]);
      for (const one of held) await one.reached();
      const copy = await DatabaseCopy.take(harness.database);
      for (const one of held) one.release();
      for (const run of runs) await run.result();
      for (const jobId of Object.values(interrupted)) results.set(jobId, (await services.job(jobId)).result);
      await sealBefore(4);
      const later = await sealDay(-3);
      results.set(later.jobId, later.result);
      await copy.putBack(harness.database);
    }, 240_000);

    test('status and doctor name the ledger that is ahead, and each snapshot that is lost or older', async () => {
      for (const command of ['status', 'doctor']) {
        const { code, stdout } = await runCommand(harness.env, command);
        expect([command, code]).not.toEqual([command, 0]);
        expect(stdout).toContain('LEDGER_BEHIND');
        expect(stdout).toContain('audit-snapshot restore --from-evidence');
      }
    });

    test('no job and no run of the schedule signs anything', async () => {
      const signed = await listSigned();
      await expect(sealDay(2)).resolves.toMatchObject({ status: 'failed', error: { code: 'LEDGER_BEHIND' } });
      await expect(sealBefore(5)).rejects.toMatchObject({
        cause: { type: expect.stringMatching(/^(SNAPSHOT_LOST|LEDGER_BEHIND)$/) },
      });
      const [, later] = [...results].at(-1)!;
      const { from, to } = later!.window;
      const again = ['seal', '--from', from, '--to', to, '--job-id', later!.snapshotId.slice('snap-'.length)];
      expect(await runCommand(harness.env, ...again)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('SNAPSHOT_LOST'),
      });
      expect(await listSigned()).toEqual(signed);
    }, 120_000);

    test('the commands of the runbook restore everything that was sealed', async () => {
      await stopProcesses();
      await followRunbook(5, 7 * RECORDS);
      await startProcesses();
      for (const [jobId, result] of results)
        expect(await services.job(jobId)).toMatchObject({ status: 'succeeded', result });
      expect(await runCommand(harness.env, 'status')).toMatchObject({ code: 0 });
    }, 240_000);

    test('schedule and new jobs continue with what is not sealed, and seal nothing twice', async () => {
      const run = await sealBefore(5);
      expect(run.windows.map(({ window }) => window)).toEqual([dayWindow(4)]);
      await logDay(-4);
      await expect(sealDay(-4)).resolves.toMatchObject({ result: { recordCount: RECORDS } });
      await expectSealedOnce(9 * RECORDS, 5);
    }, 120_000);
  });

  describe('as a whole', () => {
    beforeAll(async () => {
      await harness.database.dropDatabase();
    });

    test('the commands of the runbook restore everything that was sealed', async () => {
      expect((await runCommand(harness.env, 'status')).stdout).toContain('LEDGER_BEHIND');
      await stopProcesses();
      await followRunbook(9, 9 * RECORDS);
      await startProcesses();
    }, 240_000);

    test('schedule and new jobs continue with what is logged now, and seal nothing twice', async () => {
      await logDay(5);
      await logDay(-5);
      const run = await sealBefore(6);
      expect(run.windows.map(({ window }) => window)).toEqual([dayWindow(5)]);
      await expect(sealDay(-5)).resolves.toMatchObject({ result: { recordCount: RECORDS } });
      await expectSealedOnce(11 * RECORDS, 6);
      expect(await runCommand(harness.env, 'status')).toMatchObject({ code: 0 });
    }, 120_000);
  });
});
