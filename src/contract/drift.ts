import type { Window } from './window';

/** What to do when the live log differs from the sealed one: fail the run, or only report it in the result. */
type OnDrift = 'fail' | 'report';

/** Input of auditVerifyWorkflow; without `from` and `to` every snapshot of the ledger is compared. */
export interface AuditVerifyInput {
  readonly from?: string;
  readonly to?: string;
  /** Default `fail`: a run that finds drift fails with the code DRIFT_FOUND. */
  readonly onDrift?: OnDrift;
}

/** One difference, by reference: which record of which snapshot, never its content. */
interface DriftRef {
  readonly kind: string;
  readonly snapshotId: string;
  readonly recordId: string;
  readonly chunk: number | null;
  readonly index: number | null;
  readonly object?: string;
}

/** What has been compared so far. */
export interface AuditTally {
  readonly snapshots: number;
  readonly records: number;
  /** Unsealed records in sealed windows that arrived within the allowance. */
  readonly late: number;
  /** Sealed records whose snapshot is still being marked. */
  readonly marking?: number;
  /** Sealed records that cannot be marked. */
  readonly unmarkable?: number;
  /** Sealed records that the retention of the live log removed. */
  readonly removed?: number;
  /** Number of drifts by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** The first drifts, in the order they were found. */
  readonly drifts: readonly DriftRef[];
  /** What was seen and is no drift; the first notes. */
  readonly notes?: readonly string[];
}

export interface AuditVerifyResult extends AuditTally {
  readonly ledgerSize: number;
}

/** What one run passes to the next by continue-as-new. `place` is an index into the ledger. */
export interface ContinuedDriftCheck {
  readonly place: number;
  readonly tally: AuditTally;
}

export interface AuditSnapshotsInput {
  /** Index in the ledger of the first snapshot to compare. */
  readonly place: number;
  readonly within: Window | null;
}

/** The activities of auditVerifyWorkflow; both only read. */
export interface VerifyActivities {
  /** Verifies the published ledger as a whole: EVIDENCE_INVALID, EVIDENCE_INCOMPLETE. */
  verifyLedger(): Promise<{ readonly ledgerSize: number }>;
  /** Compares snapshots with the live log for about a minute; `nextPlace` is null when the last one has been compared. */
  auditSnapshots(input: AuditSnapshotsInput): Promise<AuditTally & { readonly nextPlace: number | null }>;
}
