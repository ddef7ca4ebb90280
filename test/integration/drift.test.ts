import { mongo } from 'mongoose';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { connectDatabase } from '../../src/mongo/connection';
import { connectTemporal } from '../../src/temporal/connection';
import { readTemporalConfig } from '../../src/config';
import { VERIFY_WORKFLOW } from '../../src/contract/names';
import { readTrust } from '../harness/deployment';
import { Services } from '../harness/services';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const CLI = resolve(__dirname, '../../dist/src/cli/main.js');
const RECORDS = 100_000;

describe('drift of 100,000 sealed records', () => {
  const services = new Services({ AUDIT_CHUNK_RECORDS: '30000' });
  const env = { ...process.env, ...services.env };
  const trustFile = join(services.logs, 'trust.json');
  let connection: Awaited<ReturnType<typeof connectDatabase>>;
  let snapshotId: string;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    await services.start();
    await services.log(RECORDS, DAY);
    const job = await services.ended(await services.submit(DAY));
    ({ snapshotId } = job.result!);
    writeFileSync(trustFile, JSON.stringify(await readTrust(env)));
  }, 240_000);

  afterAll(async () => {
    await services.stop();
    await connection.close();
  });

  /** Runs `verify --live --json` on the command line. */
  async function verifyLive(): Promise<{ code: number; live: { records: number; drifts: object[] } }> {
    return new Promise((settle, reject) => {
      const args = [CLI, 'verify', '--live', '--json', '--key', trustFile];
      const child = execFile('node', args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        if (stdout === '') return reject(new Error(`${stderr} ${error?.message}`));
        return settle({ code: child.exitCode ?? -1, live: (JSON.parse(stdout) as { drift: never }).drift });
      });
    });
  }

  async function runWorkflow(onDrift: string): Promise<unknown> {
    const temporal = readTemporalConfig(env);
    const { connection: own, client } = await connectTemporal(temporal);
    try {
      const options = {
        taskQueue: temporal.taskQueue,
        workflowId: `verify-${onDrift}-${Date.now()}`,
        args: [{ onDrift }],
      };
      return await client.workflow.execute(VERIFY_WORKFLOW, options);
    } finally {
      await own.close();
    }
  }

  test('an unchanged log has no drift, by the command line and by the workflow', async () => {
    await expect(verifyLive()).resolves.toMatchObject({ code: 0, live: { records: RECORDS, drifts: [] } });
    await expect(runWorkflow('fail')).resolves.toMatchObject({ ledgerSize: 1, records: RECORDS, drifts: [] });
  }, 240_000);

  test('an altered, a deleted, an unmarked and a backdated record are named with their chunk and index', async () => {
    const logs = connection.collection('auditlogs');
    const window = { timestamp: { $gte: new Date(DAY.from), $lte: new Date(DAY.to) } };
    const sealed = await logs
      .find(window)
      .sort({ timestamp: 1, _id: 1 })
      .project({ _id: 1, timestamp: 1 })
      .toArray();
    const victims = { altered: sealed[100]!, deleted: sealed[35_000]!, unmarked: sealed[99_999]! };
    await logs.updateOne({ _id: victims.altered['_id'] }, { $set: { actorId: 'mallory' } });
    await logs.deleteOne({ _id: victims.deleted['_id'] });
    await logs.updateOne({ _id: victims.unmarked['_id'] }, { $set: { immutable: false } });
    const backdated = new mongo.ObjectId();
    await logs.insertOne({
      _id: backdated,
      timestamp: new Date((sealed[65_000]!['timestamp'] as Date).getTime()),
      action: 'forged',
      immutable: false,
    });
    const expected = [
      { kind: 'altered', snapshotId, recordId: String(victims.altered['_id']), chunk: 0, index: 100 },
      { kind: 'deleted', snapshotId, recordId: String(victims.deleted['_id']), chunk: 1, index: 35_000 },
      { kind: 'unmarked', snapshotId, recordId: String(victims.unmarked['_id']), chunk: 3, index: 99_999 },
      { kind: 'backdated', snapshotId, recordId: String(backdated), chunk: 2, index: null },
    ];
    const { code, live } = await verifyLive();
    expect(code).toBe(3);
    expect(live.drifts).toHaveLength(4);
    expect(live.drifts).toEqual(expect.arrayContaining(expected));
    await expect(runWorkflow('report')).resolves.toMatchObject({ drifts: expect.arrayContaining(expected) });
    await expect(runWorkflow('fail')).rejects.toMatchObject({ cause: { type: 'DRIFT_FOUND' } });
  }, 240_000);
});
