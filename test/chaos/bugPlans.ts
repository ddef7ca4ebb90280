/**
 * For each planted bug that real servers can show, a plan under which it breaks an invariant. What keeps a run from being
 * healed until others are through is a fault that comes late: `worker.second@reportJob.after`.
 */
export const BUG_PLANS: Readonly<Record<string, string>> = {
  'records are marked before the snapshot is signed': 'one/300:',
  'marking goes by time range': 'late/300:',
  'a failed marking counts as done':
    'one/300:mongo.lost@markImmutable.call#4,mongo.lost@markImmutable.call#9',
  'a PUT has no condition': 'one/300:storage.unacknowledged@queryBatch.call#2',
  'a key that is taken counts as ours, unread':
    'one/300:storage.unacknowledged@queryBatch.call#2,run.lateRecords@queryBatch.before#2',
  'a PUT without an answer counts as done':
    'one/300:storage.lost@sealManifest.call#4,storage.lost@sealManifest.call#5',
  'a chunk is not read back':
    'one/300:storage.unacknowledged@queryBatch.call#2,run.lateRecords@queryBatch.before#2',
  'a lock that was not extended counts as extended': 'one/300:storage.refused@registerAsset.call#2',
  'the lease of a finished snapshot is kept': 'one/300:',
  'a lease is given up although signing began':
    'overlapping/300:run.terminated@signManifest.call#4,worker.second@reportJob.after#1',
  'what others sealed meanwhile is not looked at':
    'overlapping/300:run.terminated@hashBatch.before#4,worker.second@reportJob.after#1',
  'a lease that was taken for a finished snapshot stays': 'direct/300:worker.frozen@openSnapshot.call#5',
  'the manifest has the time of its making': 'one/300:worker.killed@sealManifest.after#1',
  'the durable cursor stands behind the window': 'one/300:run.terminated@hashBatch.after#3',
  'one chunk too many counts as marked':
    'one/300:run.terminated@markImmutable.after#2,worker.killed@markImmutable.after#2',
  'an audit entry that failed is forgotten': 'one/300:mongo.lost@recordSnapshot.call#4',
  'an entry of the ledger is named before it is committed': 'one/300:mongo.lost@appendToLedger.call#3',
  'a job is reported before its snapshot is closed': 'one/300:',
};
