import { assetModel } from './asset.model';
import { auditLogModel } from './auditLog.model';
import { jobModel } from './job.model';
import { ledgerHeadModel, ledgerLeafModel } from './ledger.model';
import { chunkModel, snapshotModel } from './snapshot.model';
import { windowLeaseModel } from './windowLease.model';

/** Of the log, and of every other collection that a worker relies on. */
export const WORKER_MODELS = [
  auditLogModel,
  snapshotModel,
  chunkModel,
  windowLeaseModel,
  assetModel,
  jobModel,
  ledgerHeadModel,
  ledgerLeafModel,
] as const;
