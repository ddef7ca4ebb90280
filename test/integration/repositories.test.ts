import { AssetService } from '../../src/services/asset.service';
import { MongoJobDesk } from '../../src/services/jobDesk';
import { MongoSnapshotRepository } from '../../src/services/snapshot.repository';
import { MongoWindowLeases } from '../../src/services/windowLeases';
import { describeAssetRegistry } from '../contract/assetRegistry';
import { describeJobDesk } from '../contract/jobDesk';
import { describeSnapshotRepository } from '../contract/snapshotRepository';
import { describeWindowLeases } from '../contract/windowLeases';
import { FreshDatabases } from '../support/freshDatabase';

const databases = new FreshDatabases();
afterAll(() => databases.close());

describeSnapshotRepository(
  'the database',
  async () => new MongoSnapshotRepository(await databases.connect()),
);
describeWindowLeases(
  'the database',
  async () => new MongoWindowLeases(await databases.connect(), 'test.example/audit'),
);
describeAssetRegistry('the database', async () => new AssetService(await databases.connect()));
describeJobDesk('the database', async () => new MongoJobDesk(await databases.connect()));
