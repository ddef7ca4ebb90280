import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import { listOrigins } from '../../src/mongo/origins';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
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
    expect(await connection.collection('ledgerheads').countDocuments()).toBe(0);
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

  test('a snapshot that is in the ledger of another origin gets no index', async () => {
    const connection = await connect();
    await new MongoLedgerSequencer(connection, 'o.example').append('snap-a', entry);
    await expect(
      new MongoLedgerSequencer(connection, 'p.example').append('snap-a', entry),
    ).rejects.toMatchObject({
      code: 'ORIGIN_MISMATCH',
      message: expect.stringContaining('o.example/000000000000'),
    });
  });

  test('a row with another index than its place is named', async () => {
    const connection = await connect();
    const row = { _id: 'o.example/000000000000' as never, index: 7, snapshotId: 'snap-x', entry: 'x' };
    await connection.collection('ledgerleaves').insertOne(row);
    await expect(
      new MongoLedgerSequencer(connection, 'o.example').append('snap-a', entry),
    ).rejects.toMatchObject({
      code: 'LEDGER_ENTRY_INVALID',
      message: expect.stringContaining('o.example/000000000000'),
    });
  });

  test('an entry that is no text is listed as text, and repaired', async () => {
    const connection = await connect();
    const row = { _id: 'o.example/000000000000' as never, index: 0, snapshotId: 'snap-x', entry: 7 };
    await connection.collection('ledgerleaves').insertOne(row);
    const ledger = new MongoLedgerSequencer(connection, 'o.example');
    await expect(ledger.head()).resolves.toMatchObject({ size: 1 });
    await expect(ledger.list(0, 1)).resolves.toEqual([Buffer.from('7')]);
    await ledger.replaceAll([]);
    await expect(ledger.append('snap-a', entry)).resolves.toBe(0);
  });

  test('the origins of a database are those that it has sealed for', async () => {
    const connection = await connect();
    await expect(listOrigins(connection)).resolves.toEqual([]);
    const empty = { _id: 'never.example' as never, size: 0, nodes: [] };
    await connection.collection('ledgerheads').insertOne(empty);
    await new MongoLedgerSequencer(connection, 'o.example').append('snap-a', entry);
    const leases = new MongoWindowLeaseStore(connection, 'p.example');
    const window = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
    await leases.acquire({ snapshotId: 'snap-b', window, workflowId: 'w', asOf: await leases.sequence() });
    await expect(listOrigins(connection)).resolves.toEqual(['o.example', 'p.example']);
  });
});
