import { AUDIT_LOG } from '../../src/evidence/recordMembers';
import { MongoSealedRecordInserter } from '../../src/mongo/restoreRecords';
import { AuditService } from '../../src/services/audit.service';
import { describeLeftOutRecords } from '../contract/leftOutRecords';
import { describeRecordSource } from '../contract/recordSource';
import { describeSealedRecordInserter, type SealedRecordInserterSubject } from '../contract/snapshotRestorer';
import { FreshDatabases } from '../harness/freshDatabase';
import { insertRaw } from '../harness/rawRecords';

const databases = new FreshDatabases();
afterAll(() => databases.close());

const recordSource = async (): Promise<SealedRecordInserterSubject> => {
  const connection = await databases.connect();
  return {
    source: new AuditService(connection),
    inserter: new MongoSealedRecordInserter(connection, AUDIT_LOG),
    insert: (records) => insertRaw(connection, 'auditlogs', records),
    read: async (id) => {
      const found = await connection.collection('auditlogs').findOne<Buffer>({ _id: id }, { raw: true });
      return found ?? undefined;
    },
  };
};
describeRecordSource('the MongoDB server', recordSource);
describeLeftOutRecords('the MongoDB server', recordSource);
describeSealedRecordInserter('the MongoDB server', recordSource);
