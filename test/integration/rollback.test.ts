import { connectDatabase } from '../../src/mongo/connection';
import { readStorageConfig } from '../../src/config';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../src/evidence/objectKeys';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { listVersions } from '../harness/bucket';
import { runCommand } from '../harness/commandLine';
import { storageClient } from '../harness/lockedObject';
import { Runbook } from '../harness/runbook';
import { Services, type JobView } from '../harness/services';

const HOUR_MS = 3_600_000;

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

/** One ledger that is rolled back in one way after the other; each way is undone before the next. */
describe('a ledger that was rolled back on real servers', () => {
  const services = new Services();
  const env = { ...process.env, ...services.env };
  const { bucket } = readStorageConfig(env);
  const store = connectObjectStore(readStorageConfig(env));
  const client = storageClient(env as Record<string, string>);
  let hour = 0;

  beforeAll(async () => {
    await services.start();
    await services.log(30, { from: windowOf(0).from, to: windowOf(11).to });
    for (let sealed = 0; sealed < 3; sealed++) await sealNext();
  }, 180_000);
  afterAll(() => services.stop());

  async function sealNext() {
    return services.ended(await services.submit(windowOf(hour++)));
  }

  const put = (key: string, body: Buffer) =>
    client.putObject(bucket, key, body).then(({ versionId }) => versionId ?? '');
  const checkpoints = async () =>
    (await listVersions(LEDGER_CHECKPOINT_KEY, bucket, env)).filter(
      ({ key }) => key === LEDGER_CHECKPOINT_KEY,
    );

  async function oldCheckpointOnTop(): Promise<() => Promise<unknown>> {
    const oldest = (await checkpoints()).at(-1)!;
    const { body } = (await store.get(LEDGER_CHECKPOINT_KEY, 1e6, oldest.versionId))!;
    const versionId = await put(LEDGER_CHECKPOINT_KEY, body);
    return () => client.removeObject(bucket, LEDGER_CHECKPOINT_KEY, { versionId });
  }

  /** The rows of a database that was restored to the state after the first snapshot. */
  async function oldRows(): Promise<() => Promise<unknown>> {
    const connection = await connectDatabase(services.env['MONGODB_URI']!);
    const [leaves, heads] = [connection.collection('ledgerleaves'), connection.collection('ledgerheads')];
    const rows = await leaves.find({ index: { $gt: 0 } }).toArray();
    const head = (await heads.findOne({}))!;
    await leaves.deleteMany({ index: { $gt: 0 } });
    await heads.deleteMany({});
    return async () => {
      await leaves.deleteMany({ index: { $gt: 0 } });
      await leaves.insertMany(rows);
      await heads.deleteMany({});
      await heads.insertOne(head);
      await connection.close();
    };
  }

  async function tileOnTop(): Promise<() => Promise<unknown>> {
    const key = ledgerTileKey('entries', 0, 2);
    const versionId = await put(key, Buffer.from('another bundle'));
    return () => client.removeObject(bucket, key, { versionId });
  }

  /** A DELETE without a version id; undone by deleting the marker that it left. */
  const hide = async (key: string): Promise<() => Promise<unknown>> => {
    await client.removeObject(bucket, key);
    return async () => {
      for await (const { key: listed, versionId, isDeleteMarker } of store.listVersions(key))
        if (listed === key && isDeleteMarker) await client.removeObject(bucket, key, { versionId });
    };
  };

  /** Tries to seal, which signs nothing; the commands name the rollback. Resolves to the failed job. */
  async function expectNamed(): Promise<JobView> {
    const before = (await checkpoints()).length;
    const job = await sealNext();
    expect(job).toMatchObject({
      status: 'failed',
      error: { code: expect.stringMatching(/^(LEDGER_ROLLED_BACK|LEDGER_FORKED|LEDGER_BEHIND)$/) },
    });
    expect(await checkpoints()).toHaveLength(before);
    for (const command of ['doctor', 'status']) {
      const { code, stdout } = await runCommand(env, command);
      expect([command, code]).not.toEqual([command, 0]);
      expect(stdout).toMatch(/(LEDGER_ROLLED_BACK|LEDGER_FORKED|LEDGER_BEHIND)/);
    }
    return job;
  }

  test.each<[what: string, attacks: readonly (() => Promise<() => Promise<unknown>>)[]]>([
    ['an old checkpoint and old rows', [oldCheckpointOnTop, oldRows]],
    ['an old checkpoint, old rows and another tile on top', [oldCheckpointOnTop, oldRows, tileOnTop]],
    ['a delete marker on the newest bundle', [() => hide(ledgerTileKey('entries', 0, 3))]],
  ])(
    'by %s gets no checkpoint, and doctor and status name it',
    async (_what, attacks) => {
      const undo: (() => Promise<unknown>)[] = [];
      for (const attack of attacks) undo.push(await attack());
      await expectNamed();
      for (const revert of undo.toReversed()) await revert();
    },
    120_000,
  );

  test.each<[what: string, attack: () => Promise<unknown>]>([
    ['an old checkpoint on top', oldCheckpointOnTop],
    ['a delete marker on the checkpoint', () => hide(LEDGER_CHECKPOINT_KEY)],
  ])(
    'by %s is undone by the commands of the runbook, and jobs continue',
    async (_what, attack) => {
      const runbook = new Runbook('The bucket was rolled back');
      await runbook.pinKeys(env);
      await attack();
      const { jobId } = await expectNamed();
      await services.worker?.stop();
      const versions = (await checkpoints()).length;
      expect(await runbook.run(env, / ledger recover .* --dry-run$/)).toMatchObject({ code: 0 });
      expect(await checkpoints()).toHaveLength(versions);
      expect(await runbook.run(env, / ledger recover --key trust.json$/)).toMatchObject({ code: 0 });
      expect(runbook.unused).toEqual([]);
      await services.startWorker();
      expect((await services.request(`/jobs/${jobId}/retry`, { method: 'POST' })).status).toBe(202);
      expect(await services.ended(jobId)).toMatchObject({ status: 'succeeded' });
      expect((await runCommand(env, 'status')).stdout).not.toMatch(/ledger: \[LEDGER_/);
    },
    120_000,
  );
});
