import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { auditTrail } from '../../dev/demo/auditTrail';
import { readStorageConfig } from '../../src/config';
import { AuditService } from '../../src/services/audit.service';
import { listVersions } from '../harness/bucket';
import { runCommand } from '../harness/commandLine';
import { storageClient } from '../harness/lockedObject';
import { Services } from '../harness/services';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('retention, legal hold and the doctor', () => {
  const product = new Services();
  const env = { ...process.env, ...product.env };
  const store = connectObjectStore(readStorageConfig(env));
  let snapshotId: string;

  beforeAll(async () => {
    const connection = await connectDatabase(product.env['MONGODB_URI']!);
    await product.start();
    await new AuditService(connection).logAuditEntries(
      auditTrail(50, Date.parse(DAY.from), Date.parse(DAY.to)),
    );
    ({ snapshotId } = (await product.ended(await product.submit(DAY))).result!);
    await connection.close();
  }, 120_000);
  afterAll(() => product.stop());

  async function cli(...args: string[]): Promise<{ code: number; output: string }> {
    const { code, stdout, stderr } = await runCommand(env, ...args);
    return { code, output: stdout + stderr };
  }
  const versions = () => listVersions(`snapshots/${snapshotId}/`, product.env['S3_BUCKET']);

  test('a lock is extended on every object, and never shortened', async () => {
    await expect(
      cli('retention', 'extend', snapshotId, '--until', '2040-01-01T00:00:00Z'),
    ).resolves.toMatchObject({ code: 0 });
    for (const { key, versionId } of await versions())
      await expect(store.readLock(key, versionId)).resolves.toEqual({
        mode: 'COMPLIANCE',
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

  test('a legal hold is put on every object and taken away again', async () => {
    for (const [command, held] of [
      ['add', true],
      ['add', true],
      ['remove', false],
    ] as const) {
      await expect(cli('hold', command, snapshotId)).resolves.toMatchObject({ code: 0 });
      for (const { key, versionId } of await versions())
        await expect(store.readLegalHold(key, versionId)).resolves.toBe(held);
    }
    await expect(cli('hold', 'add', 'snap-never')).resolves.toMatchObject({
      code: 1,
      output: expect.stringContaining('SNAPSHOT_NOT_FOUND'),
    });
  });

  test('the doctor finds everything in order, the lock proved on the server', async () => {
    const { code, output } = await cli('doctor', '--json');
    const { checks } = JSON.parse(output) as {
      checks: { check: string; state: string; found: string }[];
    };
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.filter(({ check }) => check === 'object lock')).toHaveLength(6);
    expect(checks.find(({ check }) => check === 'ledger')!.found).toBe(
      `1 snapshots of ${env['AUDIT_ORIGIN']}`,
    );
    expect(code).toBe(0);
  });

  test('the doctor names a bucket that does not lock, and the ledger of another origin', async () => {
    const client = storageClient(env as Record<string, string>);
    const bare = `bare-${Date.now()}`;
    await client.makeBucket(bare, 'us-east-1');
    Object.assign(env, { S3_BUCKET: bare });
    const unlocked = await cli('doctor');
    expect(unlocked).toMatchObject({
      code: 1,
      output: expect.stringContaining('[fail] storage: BUCKET_WITHOUT_LOCK'),
    });
    Object.assign(env, { S3_BUCKET: product.env['S3_BUCKET'], AUDIT_ORIGIN: 'other.example/audit' });
    const other = await cli('doctor');
    expect(other).toMatchObject({
      code: 1,
      output: expect.stringContaining('[fail] ledger: 1 snapshots of'),
    });
  });
});
