import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import { describeLedgerBook } from '../contract/ledgerSequencer';
import { FreshDatabases } from '../harness/freshDatabase';

const databases = new FreshDatabases();
const connect = () => databases.connect();
afterAll(() => databases.close());

describeLedgerBook(
  'the database',
  async () => new MongoLedgerSequencer(await connect(), 'test.example/audit'),
);

describe('a ledger book in the database', () => {
  const entry = Buffer.from('{"snapshotId":"snap-a"}');

  test('counts an entry whose writer died in front of the head', async () => {
    const connection = await connect();
    await connection.collection('ledgerleaves').insertOne({
      _id: 'o.example/000000000000' as never,
      index: 0,
      snapshotId: 'snap-a',
      entry: entry.toString(),
    });
    const book = new MongoLedgerSequencer(connection, 'o.example');
    await expect(book.head()).resolves.toEqual({ size: 1, root: rootOfLeaves([leafHash(entry)]) });
    await expect(book.append('snap-a', entry)).resolves.toBe(0);
  });

  test('that lost an entry below its head says so', async () => {
    const connection = await connect();
    const book = new MongoLedgerSequencer(connection, 'o.example');
    for (const name of ['snap-a', 'snap-b', 'snap-c'])
      await book.append(name, Buffer.from(`{"snapshotId":"${name}"}`));
    await connection.collection('ledgerleaves').deleteOne({ snapshotId: 'snap-b' });
    await expect(book.list(0, 3)).rejects.toMatchObject({
      code: 'LEDGER_BEHIND',
      message: expect.stringContaining('entry 1'),
    });
  });

  test('keeps the entries of each origin apart', async () => {
    const connection = await connect();
    await new MongoLedgerSequencer(connection, 'o.example').append('snap-a', entry);
    await expect(new MongoLedgerSequencer(connection, 'p.example').head()).resolves.toMatchObject({
      size: 0,
    });
  });
});
