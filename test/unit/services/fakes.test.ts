import { describeAssetRegistry } from '../../contract/assetRegistry';
import { describeJobDesk } from '../../contract/jobDesk';
import { describeLedgerBook } from '../../contract/ledgerBook';
import { describeSnapshotRepository } from '../../contract/snapshotRepository';
import { describeWindowLeases } from '../../contract/windowLeases';
import { FakeAssetRegistry } from '../../support/fakes/fakeAssetRegistry';
import { FakeJobDesk } from '../../support/fakes/fakeJobDesk';
import { FakeSnapshotRepository } from '../../support/fakes/fakeSnapshotRepository';
import { FakeWindowLeases } from '../../support/fakes/fakeWindowLeases';
import { FakeLedgerBook } from '../../support/fakes/fakeLedgerBook';
import { describeRecordSource } from '../../contract/recordSource';
import { FakeRecordSource } from '../../support/fakes/fakeRecordSource';

describeRecordSource('the fake', () => {
  const source = new FakeRecordSource();
  return Promise.resolve({
    source,
    insert: (records) => {
      for (const bytes of records) source.addRaw(bytes);
      return Promise.resolve();
    },
    read: (id) => Promise.resolve(source.read(id.toHexString())),
  });
});

describeLedgerBook('the fake', () => Promise.resolve(new FakeLedgerBook()));
describeSnapshotRepository('the fake', () => Promise.resolve(new FakeSnapshotRepository()));
describeWindowLeases('the fake', () => Promise.resolve(new FakeWindowLeases()));
describeAssetRegistry('the fake', () => Promise.resolve(new FakeAssetRegistry()));
describeJobDesk('the fake', () => Promise.resolve(new FakeJobDesk()));
