import type { Connection } from 'mongoose';
import { connectDatabase } from '../../src/mongo/connection';
import { createIndexes } from '../../src/mongo/indexes';
import { AuditService } from '../../src/services/audit.service';
import { WriteCheckService } from '../../src/services/writeCheck.service';
import { databaseUri, uniqueName } from '../harness/deployment';

const asset = (objects: number) => ({
  snapshotId: 'snap-1',
  objects: Array.from({ length: objects }, (_, index) => ({
    key: `snapshots/snap-1/chunks/${String(index).padStart(6, '0')}.bson.gz`,
    versionId: 'v'.repeat(32),
    sizeBytes: 1,
  })),
  signedHash: 'A'.repeat(88),
  retainUntil: '2032-01-31T00:00:00.000Z',
});

const refuse = (validator: object) => ({ validator: { $jsonSchema: validator } });

describe('the trial of the writes of finishing', () => {
  let database: Awaited<ReturnType<typeof connectDatabase>>;
  let recordIds: string[];

  const logs = () => database.collection('auditlogs');
  const stateOf = async (connection: Connection) => {
    const collections = await connection.db!.listCollections().toArray();
    const counts = collections.map(async ({ name }) => [
      name,
      await connection.collection(name).countDocuments(),
    ]);
    return [await Promise.all(counts), await logs().find({}).toArray()];
  };
  const tryWrites = (objects = 3) =>
    new WriteCheckService(database).tryWrites({ snapshotId: 'snap-1', recordIds, asset: asset(objects) });

  beforeEach(async () => {
    database = await connectDatabase(databaseUri(uniqueName('trial')));
    await createIndexes(database);
  });
  afterEach(() => database.close());

  async function logRecords(): Promise<void> {
    const audit = new AuditService(database);
    const entry = { resourceType: 'invoice', resourceId: '1', action: 'invoice.paid', actorId: 'user-7' };
    recordIds = [];
    for (let n = 0; n < 3; n++) recordIds.push((await audit.logAuditEntry(entry)).id);
  }

  test('on ordinary collections it succeeds and leaves nothing', async () => {
    await logRecords();
    const before = await stateOf(database);
    await tryWrites();
    await tryWrites();
    expect(await stateOf(database)).toEqual(before);
  });

  test('an asset that is larger than a document is SNAPSHOT_TOO_LARGE', async () => {
    await logRecords();
    await expect(tryWrites(140_000)).rejects.toMatchObject({
      code: 'SNAPSHOT_TOO_LARGE',
      message: expect.stringContaining('140000 objects') as string,
    });
  });

  test.each<[string, object]>([
    ['keeps immutable false', refuse({ properties: { immutable: { enum: [false] } } })],
    ['knows no snapshotId', refuse({ not: { required: ['snapshotId'] } })],
    [
      'does not know the audit entry of this product',
      refuse({ properties: { action: { enum: ['invoice.paid'] } } }),
    ],
  ])('a validator of the log that %s is found, and nothing is left', async (_what, options) => {
    await logs().drop();
    await database.db!.createCollection('auditlogs', options);
    await createIndexes(database);
    await logRecords();
    const before = await stateOf(database);
    await expect(tryWrites()).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      retryable: false,
      message: expect.stringMatching(
        /^before signing, tried to (update|insert) in auditlogs; nothing was signed/,
      ) as string,
    });
    expect(await stateOf(database)).toEqual(before);
  });

  test('one record that cannot be marked says nothing about the others', async () => {
    await logRecords();
    await database.db!.command({
      collMod: 'auditlogs',
      validator: { $jsonSchema: { not: { required: ['snapshotId', 'odd'] } } },
    });
    await logs().updateOne({ action: 'invoice.paid' }, { $set: { odd: true } });
    await expect(tryWrites()).resolves.toBeUndefined();
  });

  test.each(['assets', 'ledgerleaves', 'ledgerheads'])('a validator of %s is found', async (name) => {
    await logRecords();
    await database.db!.createCollection(name).catch(() => undefined);
    await database.db!.command({
      collMod: name,
      validator: { $jsonSchema: { required: ['nothingHasThis'] } },
    });
    await expect(tryWrites()).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringContaining(`tried to insert in ${name}`) as string,
    });
  });

  test.each<[string, object]>([
    ['a capped collection', { capped: true, size: 1_000_000 }],
    ['a timeseries', { timeseries: { timeField: 'timestamp' } }],
    ['a view', { viewOn: 'others', pipeline: [] }],
    ['a collection with a default collation', { collation: { locale: 'en', strength: 2 } }],
  ])('a log that is %s is found', async (kind, options) => {
    await logs().drop();
    await database.db!.createCollection('auditlogs', options);
    recordIds = ['697d3a000000000000000001'];
    await expect(tryWrites()).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringContaining(`auditlogs is ${kind}`) as string,
    });
  });

  // A worker that lost its leases or rows could seal a window twice.
  test.each(['snapshots', 'snapshotchunks', 'windowleases', 'assets', 'jobs', 'ledgerheads', 'ledgerleaves'])(
    'capped, or with a default collation, %s is found, and with the collation "simple" it is not',
    async (name) => {
      await logRecords();
      const collection = database.collection(name);
      for (const [kind, options] of [
        ['a capped collection', { capped: true, size: 1_000_000 }],
        ['a collection with a default collation (en)', { collation: { locale: 'en', strength: 2 } }],
      ] as const) {
        await collection.drop().catch(() => undefined);
        await database.db!.createCollection(name, options);
        await expect(tryWrites()).rejects.toMatchObject({
          code: 'DATABASE_FAILED',
          retryable: false,
          message: expect.stringContaining(`${name} is ${kind}`) as string,
        });
      }
      await collection.drop();
      await database.db!.createCollection(name, { collation: { locale: 'simple' } });
      await expect(tryWrites()).resolves.toBeUndefined();
    },
  );
});
