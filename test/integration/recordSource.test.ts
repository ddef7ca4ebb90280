import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { connectDatabase, ensureIndexes } from '../../src/mongo/connection';
import { AuditService } from '../../src/services/audit.service';
import { describeRecordSource } from '../contract/recordSource';
import { insertRaw } from '../harness/rawRecords';

const connections: Connection[] = [];

afterAll(async () => {
  for (const connection of connections) await connection.close();
});

describeRecordSource('the MongoDB server', async () => {
  const uri = new URL(process.env['MONGODB_URI']!);
  uri.pathname = `/t${randomUUID().slice(0, 8)}`;
  const connection = await connectDatabase(uri.href);
  connections.push(connection);
  await ensureIndexes(connection);
  return {
    source: new AuditService(connection),
    insert: (records) => insertRaw(connection, 'auditlogs', records),
    read: async (id) => {
      const found = await connection.collection('auditlogs').findOne<Buffer>({ _id: id }, { raw: true });
      return found ?? undefined;
    },
  };
});
