import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { readStorageConfig } from '../../src/config';
import { listVersions } from '../harness/bucket';
import { runCommand } from '../harness/commandLine';
import { storageClient } from '../harness/lockedObject';
import { Services } from '../harness/services';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('retention, legal hold and the doctor', () => {
  const services = new Services();
  const env = { ...process.env, ...services.env };
  const store = connectObjectStore(readStorageConfig(env));
  let snapshotId: string;

  beforeAll(async () => {
    await services.start();
    await services.log(50, DAY);
    ({ snapshotId } = (await services.ended(await services.submit(DAY))).result!);
  }, 120_000);
  afterAll(() => services.stop());

  async function cli(...args: string[]): Promise<{ code: number; output: string }> {
    const { code, stdout, stderr } = await runCommand(env, ...args);
    return { code, output: stdout + stderr };
  }
  const versions = () => listVersions(`snapshots/${snapshotId}/`, services.env['S3_BUCKET']);

  const ledgerVersions = () => listVersions('ledger/', services.env['S3_BUCKET']);

  test('retention extend extends the lock of every object and never shortens one', async () => {
    await expect(
      cli('retention', 'extend', snapshotId, '--until', '2040-01-01T00:00:00Z'),
    ).resolves.toMatchObject({ code: 0 });
    for (const { key, versionId } of await versions())
      await expect(store.readLock(key, versionId)).resolves.toEqual({
        mode: 'COMPLIANCE',
        until: new Date('2040-01-01T00:00:00Z'),
      });
    for (const { key, versionId } of await ledgerVersions())
      await expect(store.readLock(key, versionId)).resolves.toMatchObject({
        until: new Date('2040-01-01T00:00:00Z'),
      });
    const shorter = await cli('retention', 'extend', snapshotId, '--until', '2030-01-01T00:00:00Z');
    expect(shorter).toMatchObject({
      code: 1,
      output: expect.stringContaining('error [LOCK_REFUSED]: a lock is never shortened'),
    });
    await expect(cli('retention', 'extend', snapshotId, '--until', 'tomorrow')).resolves.toMatchObject({
      code: 2,
    });
  });

  test('hold add and hold remove change the legal hold of every object', async () => {
    for (const [command, held] of [
      ['add', true],
      ['add', true],
      ['remove', false],
    ] as const) {
      await expect(cli('hold', command, snapshotId)).resolves.toMatchObject({ code: 0 });
      for (const { key, versionId } of await versions())
        await expect(store.readLegalHold(key, versionId)).resolves.toBe(held);
      // Other snapshots may need the ledger, so it is released by itself.
      for (const { key, versionId } of await ledgerVersions())
        await expect(store.readLegalHold(key, versionId)).resolves.toBe(true);
    }
    await expect(cli('hold', 'remove', 'ledger')).resolves.toMatchObject({ code: 0 });
    for (const { key, versionId } of await ledgerVersions())
      await expect(store.readLegalHold(key, versionId)).resolves.toBe(false);
    await expect(cli('hold', 'add', 'snap-never')).resolves.toMatchObject({
      code: 1,
      output: expect.stringContaining('SNAPSHOT_NOT_FOUND'),
    });
  });

  test('every check of the doctor passes, with the lock proved on the server', async () => {
    const { code, output } = await cli('doctor', '--json');
    const { checks } = JSON.parse(output) as {
      checks: { check: string; state: string; found: string }[];
    };
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.filter(({ check }) => check === 'object lock')).toHaveLength(6);
    expect(checks.find(({ check }) => check === 'ledger')!.found).toBe(
      `1 snapshots of ${env['AUDIT_ORIGIN']}, in bucket and database`,
    );
    expect(code).toBe(0);
  });

  test('the doctor names a bucket without Object Lock, and a ledger of another origin', async () => {
    const client = storageClient(env as Record<string, string>);
    const bare = `bare-${Date.now()}`;
    await client.makeBucket(bare, 'us-east-1');
    Object.assign(env, { S3_BUCKET: bare });
    const unlocked = await cli('doctor');
    expect(unlocked).toMatchObject({
      code: 1,
      output: expect.stringContaining('[fail] storage: BUCKET_WITHOUT_LOCK'),
    });
    Object.assign(env, { S3_BUCKET: services.env['S3_BUCKET'], AUDIT_ORIGIN: 'other.example/audit' });
    const other = await cli('doctor');
    expect(other).toMatchObject({
      code: 1,
      output: expect.stringContaining('[fail] ledger: ORIGIN_MISMATCH'),
    });
  });
});
