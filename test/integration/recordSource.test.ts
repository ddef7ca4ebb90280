import { AuditService } from '../../src/services/audit.service';
import { describeRecordSource } from '../contract/recordSource';
import { FreshDatabases } from '../harness/freshDatabase';
import { insertRaw } from '../harness/rawRecords';

const databases = new FreshDatabases();
afterAll(() => databases.close());

describeRecordSource('the MongoDB server', async () => {
  const connection = await databases.connect();
  return {
    source: new AuditService(connection),
    insert: (records) => insertRaw(connection, 'auditlogs', records),
    read: async (id) => {
      const found = await connection.collection('auditlogs').findOne<Buffer>({ _id: id }, { raw: true });
      return found ?? undefined;
    },
  };
});
