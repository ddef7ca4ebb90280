import type { Window } from './window';

/** What to do when the live log differs from what was sealed: end the run as failed, or only say so in its result. */
type OnDrift = 'fail' | 'report';

/** Input of auditVerifyWorkflow; without `from` and `to` every snapshot of the ledger is looked at. */
export interface AuditVerifyInput {
  readonly from?: string;
  readonly to?: string;
  /** Default `fail`: a run that found something shows as failed, with the code DRIFT_FOUND. */
  readonly onDrift?: OnDrift;
}

/** One difference by reference: which record of which snapshot, never its content. */
interface DriftRef {
  readonly kind: string;
  readonly snapshotId: string;
  readonly recordId: string;
  readonly chunk: number | null;
  readonly index: number | null;
  readonly object?: string;
}

/** What was compared so far. */
export interface AuditTally {
  readonly snapshots: number;
  readonly records: number;
  /** Unsealed records in sealed windows that arrived within the allowance. */
  readonly late: number;
  /** By kind of drift. */
  readonly counts: Readonly<Record<string, number>>;
  /** The first drifts, in the order they were met. */
  readonly drifts: readonly DriftRef[];
}

export interface AuditVerifyResult extends AuditTally {
  readonly ledgerSize: number;
}

/** What one run hands to the next by continue-as-new. */
export interface ContinuedDriftCheck {
  readonly place: number;
  readonly tally: AuditTally;
}

export interface AuditSnapshotsInput {
  /** Place in the ledger to begin at. */
  readonly place: number;
  readonly within: Window | null;
}

/** The activities of auditVerifyWorkflow; both only read. */
export interface VerifyActivities {
  /** Verifies the published ledger as a whole: EVIDENCE_INVALID, EVIDENCE_INCOMPLETE. */
  verifyLedger(): Promise<{ readonly ledgerSize: number }>;
  /** Compares snapshots with the live log for about a minute; `nextPlace` is null when the ledger is through. */
  auditSnapshots(input: AuditSnapshotsInput): Promise<AuditTally & { readonly nextPlace: number | null }>;
}
