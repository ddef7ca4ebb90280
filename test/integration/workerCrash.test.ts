import { connectObjectStore } from '../../src/adapters/minioObjectStore';
import { connectDatabase } from '../../src/adapters/mongoConnection';
import { auditTrail } from '../../src/cli/demo/auditTrail';
import { readStorageConfig } from '../../src/config';
import { snapshotIdOf } from '../../src/contract/names';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { readRecord } from '../../src/evidence/recordBytes';
import { AuditService } from '../../src/services/audit.service';
import { listVersions } from '../support/bucket';
import { Product } from '../support/product';

const RECORDS = 300_000;
const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('a worker that is killed in the middle of 300,000 records', () => {
  const product = new Product({ AUDIT_CHUNK_RECORDS: '16384' });
  const store = connectObjectStore(readStorageConfig({ ...process.env, ...product.env }));
  let connection: Awaited<ReturnType<typeof connectDatabase>>;

  beforeAll(async () => {
    connection = await connectDatabase(product.env['MONGODB_URI']!);
    await product.start();
    const service = new AuditService(connection);
    await service.logAuditEntries(auditTrail(RECORDS, Date.parse(WINDOW.from), Date.parse(WINDOW.to)));
  }, 300_000);

  afterAll(async () => {
    await product.stop();
    await connection.close();
  });

  test('goes on where it was: every record in one chunk, marked once, and no chunk twice', async () => {
    const jobId = await product.submit(WINDOW);
    const killedAt: string[] = [];
    const job = await product.ended(jobId, async ({ progress }) => {
      const reached = (stage: string, share: number, count: number) =>
        progress?.stage === stage && count >= RECORDS * share && !killedAt.includes(stage);
      if (!reached('sealing', 0.3, progress?.stored ?? 0) && !reached('marking', 0.2, progress?.marked ?? 0))
        return;
      killedAt.push(progress!.stage);
      await product.killWorker();
      await product.startWorker();
    });
    expect(killedAt).toEqual(['sealing', 'marking']);
    expect(job).toMatchObject({
      status: 'succeeded',
      result: { recordCount: RECORDS, findingCount: 0, conflictCount: 0 },
    });

    const snapshotId = snapshotIdOf(jobId);
    const manifest = parseManifest((await store.get(manifestKey(snapshotId), 2 ** 24))!.body);
    const ids = await sealedIds(manifest);
    expect(ids).toHaveLength(RECORDS);
    expect(new Set(ids).size).toBe(RECORDS);

    const logs = connection.collection('auditlogs');
    expect(await logs.countDocuments({ immutable: true, snapshotId })).toBe(RECORDS);
    expect(await logs.countDocuments({ immutable: true, snapshotId: { $ne: snapshotId } })).toBe(0);

    const versions = await listVersions(`snapshots/${snapshotId}/`, product.env['S3_BUCKET']);
    expect(versions.map(({ key }) => key).toSorted()).toEqual(
      [...new Set(versions.map(({ key }) => key))].toSorted(),
    );
    expect(versions.filter(({ key }) => key.includes('/chunks/'))).toHaveLength(manifest.chunks.length);
  }, 600_000);

  async function sealedIds(manifest: Manifest): Promise<string[]> {
    const ids: string[] = [];
    for (const { key, versionId } of manifest.chunks) {
      const stored = await store.get(key, 2 ** 26, versionId);
      for (const record of splitRecords(await unpackChunk(stored!.body))) ids.push(readRecord(record).id);
    }
    return ids;
  }
});
