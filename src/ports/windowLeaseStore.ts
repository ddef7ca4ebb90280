import type { Window } from '../contract/window';

export interface LeaseRequest {
  readonly snapshotId: string;
  readonly window: Window;
  readonly workflowId: string;
  /** The sequence of the origin before the snapshot was found to be open. */
  readonly asOf: number;
}

export interface Lease extends Omit<LeaseRequest, 'asOf'> {
  /** That of the origin when it was granted, so a later lease has a higher one. */
  readonly sequence: number;
  /** True once signing began: the lease then ends only with the snapshot. */
  readonly signing: boolean;
}

/** Without blockers windows changed hands since `asOf`: whoever asks looks first whether its snapshot has ended. */
export type LeaseOutcome =
  | { readonly granted: true; readonly lease: Lease }
  | { readonly granted: false; readonly blockers: readonly Lease[] };

/** At most one holder for any instant of the log. Each method is one atomic change. */
export interface WindowLeaseStore {
  /** Grows whenever a window is granted or given back. */
  sequence(): Promise<number>;
  /** Grants unless another snapshot's window overlaps or windows changed hands since; a holder gets its lease again. */
  acquire(request: LeaseRequest): Promise<LeaseOutcome>;
  /** The point of no return: marks the lease as signing; LEASE_LOST when it is no longer held. */
  beginSigning(snapshotId: string): Promise<void>;
  /** Gives the window up unless signing began; `sequence` guards against releasing a later lease. True when it is free. */
  release(snapshotId: string, sequence: number): Promise<boolean>;
  /** `release` of whatever lease the snapshot has; what was asked for it before is not granted any more. */
  withdraw(snapshotId: string): Promise<boolean>;
  /** Ends the lease of a finished snapshot. */
  finish(snapshotId: string): Promise<void>;
  find(snapshotId: string): Promise<Lease | undefined>;
}
