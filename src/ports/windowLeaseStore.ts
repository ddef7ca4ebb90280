import type { Window } from '../contract/window';

export interface LeaseRequest {
  readonly snapshotId: string;
  readonly window: Window;
  readonly workflowId: string;
  /** The sequence of the origin, read before the snapshot was found to be open. */
  readonly asOf: number;
}

export interface Lease extends Omit<LeaseRequest, 'asOf'> {
  /** The sequence of the origin when the lease was granted: a later lease has a higher one. */
  readonly sequence: number;
  /** True once signing began: the lease then ends only with the snapshot. */
  readonly signing: boolean;
}

/**
 * When a lease is not granted and there are no blockers, a lease was granted or ended since `asOf`: the caller must check
 * whether its snapshot has ended meanwhile, then ask again.
 */
export type LeaseOutcome =
  | { readonly granted: true; readonly lease: Lease }
  | { readonly granted: false; readonly blockers: readonly Lease[] };

/**
 * The window leases of one origin: at most one snapshot holds any instant of the log. Leases have no time limit, because
 * then a clock would decide who may sign. Each method is one atomic change of all leases of the origin, and `sequence`
 * counts those changes, so a delayed request is recognised. The rules are in `src/sealing/leaseRules.ts`; a backend only
 * makes them atomic. Errors: DATABASE_*.
 */
export interface WindowLeaseStore {
  /** Grows whenever a lease is granted or ends. */
  sequence(): Promise<number>;
  /** Grants unless another lease overlaps or the sequence moved since `asOf`; a holder gets its own lease again. */
  acquire(request: LeaseRequest): Promise<LeaseOutcome>;
  /** The point of no return: marks the lease as signing; LEASE_LOST when it is no longer held. */
  beginSigning(snapshotId: string): Promise<void>;
  /** Ends the lease unless signing began; `sequence` protects a later lease. True when the snapshot no longer holds it. */
  release(snapshotId: string, sequence: number): Promise<boolean>;
  /** `release` of any lease the snapshot has; requests that were made for it earlier are no longer granted. */
  withdraw(snapshotId: string): Promise<boolean>;
  /** Ends the lease of a finished snapshot. */
  finish(snapshotId: string): Promise<void>;
  find(snapshotId: string): Promise<Lease | undefined>;
  /** Every lease that is held now. */
  list(): Promise<readonly Lease[]>;
}
