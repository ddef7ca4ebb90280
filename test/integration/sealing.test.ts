import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig } from '../../src/config';
import { snapshotIdOf } from '../../src/contract/names';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { verifySnapshot } from '../../src/verify/verifySnapshot';
import { AuditService } from '../../src/services/audit.service';
import { listVersions } from '../harness/bucket';
import { readTrust } from '../harness/deployment';
import { Services } from '../harness/services';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const EMPTY_DAY = { from: '2026-04-01T00:00:00.000Z', to: '2026-04-01T23:59:59.999Z' };
const LATE_DAY = { from: '2026-05-01T00:00:00.000Z', to: '2026-05-01T23:59:59.999Z' };
const TAMPERED_DAY = { from: '2026-06-01T00:00:00.000Z', to: '2026-06-01T23:59:59.999Z' };

describe('a window that is sealed through the job service', () => {
  const services = new Services({ AUDIT_CHUNK_RECORDS: '1000' });
  const store = connectObjectStore(readStorageConfig({ ...process.env, ...services.env }));
  let connection: Awaited<ReturnType<typeof connectDatabase>>;
  let service: AuditService;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    service = new AuditService(connection);
    await services.start();
  }, 120_000);

  afterAll(async () => {
    await services.stop();
    await connection.close();
  });

  async function seal(window: typeof DAY) {
    const jobId = await services.submit(window);
    const job = await services.ended(jobId);
    expect(job.error).toBeNull();
    return { jobId, result: job.result! };
  }

  async function manifestOf(snapshotId: string): Promise<Manifest> {
    return parseManifest((await store.get(manifestKey(snapshotId), 2 ** 24))!.body);
  }

  async function verify(snapshotId: string) {
    const trust = await readTrust({ ...process.env, ...services.env });
    return verifySnapshot(bucketReader(store), { snapshotId, trust });
  }

  test('exactly the records of the window are sealed, marked and reported', async () => {
    await services.log(3_500, DAY);
    const outside = await service.logAuditEntry({
      resourceType: 'session',
      resourceId: 's',
      action: 'login',
      actorId: 'a',
      timestamp: new Date(Date.parse(DAY.to) + 1),
    });
    const { jobId, result } = await seal(DAY);

    const snapshotId = snapshotIdOf(jobId);
    expect(result).toMatchObject({
      snapshotId,
      recordCount: 3_500,
      findingCount: 0,
      conflictCount: 0,
      lateCount: 0,
    });
    const logs = connection.collection('auditlogs');
    expect(await logs.countDocuments({ immutable: true, snapshotId })).toBe(3_500);
    const left = await logs.find({ immutable: false }).toArray();
    expect(left.map(({ action }) => String(action)).toSorted()).toEqual([
      'job.submitted',
      'login',
      'snapshot.created',
    ]);
    expect(left.find(({ action }) => action === 'login')?._id.toString()).toBe(outside.id);

    const manifest = await manifestOf(snapshotId);
    expect(manifest.chunks.map(({ count }) => count)).toEqual([1_000, 1_000, 1_000, 500]);
    expect(await verify(snapshotId)).toMatchObject({ verdict: 'VERIFIED', failures: [] });

    const entry = left.find(({ action }) => action === 'snapshot.created');
    expect(entry).toMatchObject({
      resourceType: 'audit_snapshot',
      resourceId: result.snapshotAssetId,
      actorId: '000000000000000000000001',
      details: {
        snapshotAssetId: result.snapshotAssetId,
        recordCount: 3_500,
        signedHash: expect.stringMatching(/==$/),
      },
    });
    const asset = await connection.collection('assets').findOne({ snapshotId });
    expect(asset?._id.toString()).toBe(result.snapshotAssetId);
    expect(asset?.['objects']).toHaveLength(7);
    expect(await connection.collection('windowleases').findOne({})).toMatchObject({ leases: [] });
  }, 120_000);

  test('every object is stored once and locked until the retention of its manifest', async () => {
    const { snapshotId } = (await connection.collection('assets').findOne({})) as unknown as {
      snapshotId: string;
    };
    const { retention } = await manifestOf(snapshotId);
    const versions = await listVersions(`snapshots/${snapshotId}/`, services.env['S3_BUCKET']);
    expect(new Set(versions.map(({ key }) => key)).size).toBe(versions.length);
    expect(versions).toHaveLength(7);
    for (const { key, versionId } of versions) {
      const lock = await store.readLock(key, versionId);
      expect(lock?.mode).toBe('COMPLIANCE');
      expect(Math.floor(lock!.until.getTime() / 1000)).toBe(Math.floor(Date.parse(retention.until) / 1000));
    }
  });

  test('an empty window has no asset, but a signed manifest that verifies', async () => {
    const { result } = await seal(EMPTY_DAY);
    expect(result).toMatchObject({ snapshotAssetId: 'NONE', recordCount: 0 });
    expect(await verify(result.snapshotId)).toMatchObject({ verdict: 'VERIFIED', recordCount: 0 });
    expect(await connection.collection('assets').countDocuments({ snapshotId: result.snapshotId })).toBe(0);
  }, 60_000);

  test('records that arrive in a sealed window are sealed by a supplementary snapshot that names the first one', async () => {
    await services.log(50, LATE_DAY, 1);
    const first = await seal(LATE_DAY);
    await services.log(20, LATE_DAY, 2);
    const second = await seal(LATE_DAY);
    expect([first.result.recordCount, second.result.recordCount]).toEqual([50, 20]);
    expect((await manifestOf(first.result.snapshotId)).late).toEqual({ recordCount: 0, snapshots: [] });
    const late = { recordCount: 20, snapshots: [first.result.snapshotId] };
    expect((await manifestOf(second.result.snapshotId)).late).toEqual(late);
    expect(await verify(second.result.snapshotId)).toMatchObject({ verdict: 'VERIFIED' });
  }, 60_000);

  test('a record that was altered before sealing is sealed unchanged and named as a finding', async () => {
    await services.log(100, TAMPERED_DAY);
    const logs = connection.collection('auditlogs');
    const filter = { timestamp: { $gte: new Date(TAMPERED_DAY.from), $lte: new Date(TAMPERED_DAY.to) } };
    const victims = await logs.find(filter).sort({ timestamp: 1, _id: 1 }).toArray();
    const [altered, stripped] = [victims[40]!, victims[60]!];
    await logs.updateOne({ _id: altered._id }, { $set: { actorId: 'mallory' } });
    await logs.updateOne({ _id: stripped._id }, { $unset: { hash: 1 } });
    const { result } = await seal(TAMPERED_DAY);
    expect(result).toMatchObject({ recordCount: 100, findingCount: 2 });
    const { findings } = await manifestOf(result.snapshotId);
    expect(findings.records).toEqual([
      { kind: 'hash-mismatch', index: 40, id: altered._id.toString() },
      { kind: 'hash-missing', index: 60, id: stripped._id.toString() },
    ]);
    expect(await verify(result.snapshotId)).toMatchObject({ verdict: 'VERIFIED', findingCount: 2 });
  }, 60_000);
});
