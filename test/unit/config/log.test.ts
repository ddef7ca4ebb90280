import mongoose, { type mongo } from 'mongoose';
import { readLogConfig, readSealingConfig } from '../../../src/config';
import { OWN_COLLECTIONS } from '../../../src/config/schema';
import { memberName } from '../../../src/evidence/schemas';
import { AUDIT_LOG } from '../../../src/evidence/recordMembers';
import { assetModel } from '../../../src/models/asset.model';
import { idempotencyKeyModel } from '../../../src/models/idempotencyKey.model';
import { jobModel } from '../../../src/models/job.model';
import { ledgerHeadModel, ledgerLeafModel } from '../../../src/models/ledger.model';
import { chunkModel, snapshotModel } from '../../../src/models/snapshot.model';
import { windowLeaseModel } from '../../../src/models/windowLease.model';

const read = (env: Record<string, string>) => readLogConfig({ AUDIT_SNAPSHOT_CONFIG: '', ...env });
const failure = (message: string) =>
  expect.objectContaining({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as string,
  }) as Error;

test('without settings, the log is the collection auditlogs with the default members', () => {
  expect(read({})).toEqual(AUDIT_LOG);
});

test('the settings name the collection and its members, for sealing as well', () => {
  const env = {
    AUDIT_COLLECTION: 'app.events',
    AUDIT_TIME_MEMBER: 'createdAt',
    AUDIT_HASH_MEMBER: 'digest',
    AUDIT_IMMUTABLE_MEMBER: '_sealed',
    AUDIT_SNAPSHOT_ID_MEMBER: 'sealed-by',
  };
  const source = {
    collection: 'app.events',
    members: { time: 'createdAt', hash: 'digest', immutable: '_sealed', snapshotId: 'sealed-by' },
  };
  expect(read(env)).toEqual(source);
  expect(readSealingConfig({ AUDIT_SNAPSHOT_CONFIG: '', AUDIT_ORIGIN: 'a.example', ...env })).toMatchObject({
    source,
  });
  for (const name of Object.values(source.members)) expect(memberName.safeParse(name).success).toBe(true);
});

test.each(
  ['_id', '__proto__', '$time', 'a.b', '1st', '', ' ', 'größe', 'a\0b', 'x'.repeat(65)].filter(Boolean),
)('the member %j is refused', (name) => {
  expect(() => read({ AUDIT_TIME_MEMBER: name })).toThrow(failure('AUDIT_TIME_MEMBER is invalid'));
});

test.each(['system.users', '$cmd', 'a..b', '.a', 'a.', 'a b', '1st', 'x'.repeat(121), ...OWN_COLLECTIONS])(
  'the collection %j is refused',
  (name) => {
    expect(() => read({ AUDIT_COLLECTION: name })).toThrow(failure('AUDIT_COLLECTION is'));
  },
);

test('records without a mark are sealed only where the setting says so', () => {
  expect(read({ AUDIT_ELIGIBLE: 'flagged' })).toEqual(AUDIT_LOG);
  expect(read({ AUDIT_ELIGIBLE: 'unmarked' })).toEqual({ ...AUDIT_LOG, eligible: 'unmarked' });
  expect(() => read({ AUDIT_ELIGIBLE: 'all' })).toThrow(failure('AUDIT_ELIGIBLE is invalid'));
});

test('two settings that name one member are refused, also when one of them is a default', () => {
  expect(() => read({ AUDIT_HASH_MEMBER: 'immutable', AUDIT_TIME_MEMBER: 'snapshotId' })).toThrow(
    failure(
      'AUDIT_IMMUTABLE_MEMBER names the same member as AUDIT_HASH_MEMBER; AUDIT_SNAPSHOT_ID_MEMBER names',
    ),
  );
});

test.each(['action', 'actorId', 'details', 'resourceId', 'resourceType'])(
  'the member %s of the audit record snapshot.created is refused',
  (name) => {
    expect(() => read({ AUDIT_HASH_MEMBER: name })).toThrow(failure('AUDIT_HASH_MEMBER names a member'));
  },
);

test('the collections that cannot be sealed are those of the models', () => {
  const connection = mongoose.createConnection();
  const models = [snapshotModel, chunkModel, windowLeaseModel, assetModel, jobModel, idempotencyKeyModel];
  const ledger = [ledgerHeadModel, ledgerLeafModel];
  const names = [...models, ...ledger].map(
    (model) => (model(connection) as { collection: mongo.Collection }).collection.collectionName,
  );
  expect(names.toSorted()).toEqual(OWN_COLLECTIONS.toSorted());
});
