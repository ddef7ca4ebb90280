import { describeLedgerBook } from '../../contract/ledgerBook';
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
