import { AssetService } from '../../src/services/asset.service';
import { MongoJobStore } from '../../src/mongo/jobStore';
import { MongoSnapshotRepository } from '../../src/mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
import { describeAssetRegistry } from '../contract/assetRegistry';
import { describeJobStore } from '../contract/jobStore';
import { describeSnapshotRepository } from '../contract/snapshotRepository';
import { describeWindowLeaseStore } from '../contract/windowLeaseStore';
import { FreshDatabases } from '../harness/freshDatabase';

const databases = new FreshDatabases();
afterAll(() => databases.close());

describeSnapshotRepository(
  'the database',
  async () => new MongoSnapshotRepository(await databases.connect()),
);
describeWindowLeaseStore(
  'the database',
  async () => new MongoWindowLeaseStore(await databases.connect(), 'test.example/audit'),
);
describeAssetRegistry('the database', async () => new AssetService(await databases.connect()));
describeJobStore('the database', async () => new MongoJobStore(await databases.connect()));
