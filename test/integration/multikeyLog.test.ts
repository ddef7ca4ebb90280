import type { mongo } from 'mongoose';
import { AUDIT_LOG } from '../../src/evidence/recordMembers';
import { readRecord } from '../../src/evidence/recordBytes';
import { indexBounds } from '../../src/mongo/multikeyBounds';
import { AuditService } from '../../src/services/audit.service';
import { FreshDatabases } from '../harness/freshDatabase';

const T0 = Date.parse('2026-03-01T00:00:00.000Z');
const slice = { fromMs: T0 + 10, untilMs: T0 + 60, after: null };

async function idsOf(audit: AuditService, at = slice): Promise<string[]> {
  const ids: string[] = [];
  for await (const bson of audit.scan(at, 1000)) ids.push(readRecord(bson).id);
  return ids;
}

describe('a log in which one record has an array as its timestamp', () => {
  const databases = new FreshDatabases();
  afterAll(() => databases.close());

  test('pages have the same records in the same order as before, and are bounded on both sides of the index', async () => {
    const database = await databases.connect();
    const logs = database.collection('auditlogs') as unknown as mongo.Collection;
    const records = Array.from({ length: 100 }, (_, ms) => ({
      timestamp: new Date(T0 + ms),
      immutable: false,
    }));
    await logs.insertMany(records);
    const before = await idsOf(new AuditService(database));
    expect(before).toHaveLength(50);

    await logs.insertOne({ timestamp: [new Date(T0 - 5), new Date(T0 + 5)], immutable: false });
    // Another connection: the answer about the index is kept for a minute.
    const fresh = await databases.reconnect(database);
    const audit = new AuditService(fresh);
    expect(await idsOf(audit)).toEqual(before);
    const after = { timestamp: new Date(T0 + 29).toISOString(), id: before[19]! };
    expect(await idsOf(audit, { ...slice, after } as never)).toEqual(before.slice(20));
    const filter = { immutable: false, timestamp: { $gte: new Date(T0 + 10), $lt: new Date(T0 + 60) } };
    expect(
      await indexBounds(fresh.collection('auditlogs') as never, AUDIT_LOG.members, filter),
    ).toMatchObject({
      min: { timestamp: new Date(T0 + 10) },
      max: { timestamp: new Date(T0 + 60) },
    });
  });
});
