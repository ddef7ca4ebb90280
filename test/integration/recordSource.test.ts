import { AuditService } from '../../src/services/audit.service';
import { describeLeftOutRecords } from '../contract/leftOutRecords';
import { describeRecordSource, type RecordSourceSubject } from '../contract/recordSource';
import { FreshDatabases } from '../harness/freshDatabase';
import { insertRaw } from '../harness/rawRecords';

const databases = new FreshDatabases();
afterAll(() => databases.close());

const recordSource = async (): Promise<RecordSourceSubject> => {
  const connection = await databases.connect();
  return {
    source: new AuditService(connection),
    insert: (records) => insertRaw(connection, 'auditlogs', records),
    read: async (id) => {
      const found = await connection.collection('auditlogs').findOne<Buffer>({ _id: id }, { raw: true });
      return found ?? undefined;
    },
  };
};
describeRecordSource('the MongoDB server', recordSource);
describeLeftOutRecords('the MongoDB server', recordSource);
