import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import { describeLedgerSequencer } from '../contract/ledgerSequencer';
import { FreshDatabases } from '../harness/freshDatabase';

const databases = new FreshDatabases();
const connect = () => databases.connect();
afterAll(() => databases.close());

describeLedgerSequencer(
  'the database',
  async () => new MongoLedgerSequencer(await connect(), 'test.example/audit'),
);

describe('the ledger sequencer in the database', () => {
  const entry = Buffer.from('{"snapshotId":"snap-a"}');

  test('an entry whose writer died before the head was moved counts', async () => {
    const connection = await connect();
    await connection.collection('ledgerleaves').insertOne({
      _id: 'o.example/000000000000' as never,
      index: 0,
      snapshotId: 'snap-a',
      entry: entry.toString(),
    });
    const ledger = new MongoLedgerSequencer(connection, 'o.example');
    await expect(ledger.head()).resolves.toEqual({ size: 1, root: rootOfLeaves([leafHash(entry)]) });
    await expect(ledger.append('snap-a', entry)).resolves.toBe(0);
  });

  test('a ledger that lost an entry below its head fails with LEDGER_BEHIND', async () => {
    const connection = await connect();
    const ledger = new MongoLedgerSequencer(connection, 'o.example');
    for (const name of ['snap-a', 'snap-b', 'snap-c'])
      await ledger.append(name, Buffer.from(`{"snapshotId":"${name}"}`));
    await connection.collection('ledgerleaves').deleteOne({ snapshotId: 'snap-b' });
    await expect(ledger.list(0, 3)).rejects.toMatchObject({
      code: 'LEDGER_BEHIND',
      message: expect.stringContaining('entry 1'),
    });
  });

  test('ledgers of two origins share no entries', async () => {
    const connection = await connect();
    await new MongoLedgerSequencer(connection, 'o.example').append('snap-a', entry);
    await expect(new MongoLedgerSequencer(connection, 'p.example').head()).resolves.toMatchObject({
      size: 0,
    });
  });
});
