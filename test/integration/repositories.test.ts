import { AssetService } from '../../src/services/asset.service';
import { MongoJobStore } from '../../src/mongo/jobStore';
import { MongoSnapshotRepository } from '../../src/mongo/snapshotRepository';
import { MongoSnapshotRestorer } from '../../src/mongo/snapshotRestorer';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
import { describeAssetRegistry } from '../contract/assetRegistry';
import { describeJobStore } from '../contract/jobStore';
import { describeSnapshotRepository } from '../contract/snapshotRepository';
import { describeSnapshotRestorer } from '../contract/snapshotRestorer';
import { describeWindowLeaseStore } from '../contract/windowLeaseStore';
import { FreshDatabases } from '../harness/freshDatabase';

const databases = new FreshDatabases();
afterAll(() => databases.close());

describeSnapshotRepository(
  'the database',
  async () => new MongoSnapshotRepository(await databases.connect()),
);
describeSnapshotRestorer('the database', async () => {
  const connection = await databases.connect();
  return {
    rows: new MongoSnapshotRepository(connection),
    restorer: new MongoSnapshotRestorer(connection),
  };
});
describeWindowLeaseStore(
  'the database',
  async () => new MongoWindowLeaseStore(await databases.connect(), 'test.example/audit'),
);
describeAssetRegistry('the database', async () => new AssetService(await databases.connect()));
describeJobStore('the database', async () => new MongoJobStore(await databases.connect()));
