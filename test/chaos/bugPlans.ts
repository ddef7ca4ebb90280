/**
 * For each planted bug a plan on real servers under which it violates an invariant. A late fault keeps a run from being
 * healed until other jobs have finished: `worker.second@reportJob.after`. A frozen worker gets no further task when its
 * connections to Temporal break first: `temporal.refused`.
 */
export const BUG_PLANS: Readonly<Record<string, string>> = {
  'records are marked before the snapshot is signed': 'one/300:',
  'records are marked by time range': 'late/300:',
  'a failed marking counts as done':
    'one/300:mongo.lost@markImmutable.call#4,mongo.lost@markImmutable.call#9',
  'a PUT has no condition': 'one/300:storage.unacknowledged@queryBatch.call#2',
  'an existing object counts as ours, unread':
    'one/300:storage.unacknowledged@queryBatch.call#2,run.lateRecords@queryBatch.before#2',
  'a PUT without an answer counts as done':
    'one/300:storage.lost@sealManifest.call#4,storage.lost@sealManifest.call#5',
  'a chunk is not read back':
    'one/300:storage.unacknowledged@queryBatch.call#2,run.lateRecords@queryBatch.before#2',
  'a lock that was not extended counts as extended': 'one/300:storage.refused@registerAsset.call#2',
  'the lease of a finished snapshot is kept': 'one/300:',
  'overlapping snapshots that were sealed meanwhile are ignored':
    'overlapping/300:run.terminated@hashBatch.before#4,worker.second@reportJob.after#1',
  'a run that lost its lease signs all the same':
    'overlapping/300:temporal.refused@signManifest.call#2,worker.frozen@signManifest.call#2,run.terminated@signManifest.call#2,worker.frozen@hashBatch.before#6,worker.frozen@hashBatch.before#7',
  'a window is granted to an outdated request':
    'direct/300:temporal.refused@openSnapshot.call#6,worker.frozen@openSnapshot.call#6',
  'the ledger checkpoint is replaced without a condition':
    'overlapping/300:temporal.refused@appendToLedger.call#29,worker.frozen@appendToLedger.call#29',
  'the manifest contains the time of its creation': 'one/300:worker.killed@sealManifest.after#1',
  'the stored cursor is past the end of the window': 'one/300:run.terminated@hashBatch.after#3',
  'one chunk too many counts as marked':
    'one/300:run.terminated@markImmutable.after#2,worker.killed@markImmutable.after#2',
  'an audit entry that failed counts as written': 'one/300:mongo.lost@recordSnapshot.call#4',
  'a job is reported before its snapshot is closed': 'one/300:',
  'the newest version of the key signs, whichever the manifest names':
    'one/300:vault.keyRotated@sealManifest.before#1',
  'records pass through the workflow': 'one/300:',
  'a read from storage has no deadline': 'one/300:storage.silent@hashBatch.call#2',
  'a write to storage has no deadline': 'one/300:storage.silent@queryBatch.call#2',
  'a lock without a response counts as extended': 'one/300:storage.silent@registerAsset.call#2',
  'responses without content are left unread': 'one/300:',
  'an outdated node of Vault is final': 'one/300:vault.outdated@signManifest.before#1',
  'the answer of an outdated node of Vault counts as a signature':
    'one/300:vault.outdated@signManifest.before#1',
  'a standby node of Vault is final': 'one/300:vault.standby@signManifest.call#3',
  'full storage is final': 'one/300:storage.507@queryBatch.before#2',
  'a database that changes its primary is final':
    'one/300:mongo.notPrimary@hashBatch.call#3,mongo.notPrimary@sealManifest.call#4',
};
