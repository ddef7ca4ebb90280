import { describeAssetRegistry } from '../../contract/assetRegistry';
import { describeJobStore } from '../../contract/jobStore';
import { describeLedgerSequencer } from '../../contract/ledgerSequencer';
import { describeSnapshotRepository } from '../../contract/snapshotRepository';
import { describeWindowLeaseStore } from '../../contract/windowLeaseStore';
import { FakeAssetRegistry } from '../../harness/fakes/fakeAssetRegistry';
import { FakeJobStore } from '../../harness/fakes/fakeJobStore';
import { FakeSnapshotRepository } from '../../harness/fakes/fakeSnapshotRepository';
import { FakeWindowLeaseStore } from '../../harness/fakes/fakeWindowLeaseStore';
import { FakeLedgerSequencer } from '../../harness/fakes/fakeLedgerSequencer';
import { describeLeftOutRecords } from '../../contract/leftOutRecords';
import { describeRecordSource } from '../../contract/recordSource';
import {
  describeSealedRecordInserter,
  describeSnapshotRestorer,
  type SealedRecordInserterSubject,
} from '../../contract/snapshotRestorer';
import { FakeRecordSource } from '../../harness/fakes/fakeRecordSource';

const recordSource = (): Promise<SealedRecordInserterSubject> => {
  const source = new FakeRecordSource();
  return Promise.resolve({
    source,
    inserter: source,
    insert: (records) => {
      for (const bytes of records) source.addRaw(bytes);
      return Promise.resolve();
    },
    read: (id) => Promise.resolve(source.read(id.toHexString())),
  });
};
describeRecordSource('the fake', recordSource);
describeLeftOutRecords('the fake', recordSource);
describeSealedRecordInserter('the fake', recordSource);

describeLedgerSequencer('the fake', () => Promise.resolve(new FakeLedgerSequencer()));
describeSnapshotRepository('the fake', () => Promise.resolve(new FakeSnapshotRepository()));
describeSnapshotRestorer('the fake', () => {
  const rows = new FakeSnapshotRepository();
  return Promise.resolve({ rows, restorer: rows });
});
describeWindowLeaseStore('the fake', () => Promise.resolve(new FakeWindowLeaseStore()));
describeAssetRegistry('the fake', () => Promise.resolve(new FakeAssetRegistry()));
describeJobStore('the fake', () => Promise.resolve(new FakeJobStore()));
