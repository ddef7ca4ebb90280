import { overlaps } from '../contract/window';
import { SnapshotError } from '../errors';
import type { Lease, LeaseOutcome, LeaseRequest } from '../ports/windowLeaseStore';

/** All leases of one origin; `sequence` counts how often one was granted or ended. */
export interface LeaseState {
  readonly sequence: number;
  readonly leases: readonly Lease[];
}

export const EMPTY_BOOK: LeaseState = { sequence: 0, leases: [] };

/** A new state, undefined when nothing changes, and the answer to the caller. */
export interface LeaseChange<T> {
  readonly state?: LeaseState;
  readonly answer: T;
}

/** Grants a lease unless another one overlaps or the request is outdated; a holder gets its own lease again. */
export function acquireLease(state: LeaseState, request: LeaseRequest): LeaseChange<LeaseOutcome> {
  const own = find(state, request.snapshotId);
  if (own) return { answer: { granted: true, lease: own } };
  const blockers = state.leases.filter(({ window }) => overlaps(window, request.window));
  if (blockers.length > 0 || request.asOf !== state.sequence) return { answer: { granted: false, blockers } };
  const sequence = state.sequence + 1;
  const { snapshotId, window, workflowId } = request;
  const lease: Lease = { snapshotId, window, workflowId, sequence, signing: false };
  return { state: { sequence, leases: [...state.leases, lease] }, answer: { granted: true, lease } };
}

/** Marks a lease as signing; LEASE_LOST when the snapshot does not hold one. */
export function beginSigning(state: LeaseState, snapshotId: string): LeaseChange<void> {
  const own = find(state, snapshotId);
  if (!own) {
    const message = `snapshot ${snapshotId} no longer holds its window; nothing was signed, and its next attempt starts over`;
    throw new SnapshotError('LEASE_LOST', message);
  }
  if (own.signing) return { answer: undefined };
  const leases = state.leases.map((lease) => (lease === own ? { ...own, signing: true } : lease));
  return { state: { ...state, leases }, answer: undefined };
}

/** Ends a lease unless signing began; answers whether the window is free of that lease. */
export function releaseLease(state: LeaseState, snapshotId: string, sequence: number): LeaseChange<boolean> {
  const own = state.leases.find((lease) => lease.snapshotId === snapshotId && lease.sequence === sequence);
  if (!own) return { answer: true };
  if (own.signing) return { answer: false };
  return { state: without(state, own), answer: true };
}

/** Ends any lease the snapshot has, unless signing began, and outdates requests that were made for it earlier. */
export function withdrawLease(state: LeaseState, snapshotId: string): LeaseChange<boolean> {
  const own = find(state, snapshotId);
  if (!own) return { state: { ...state, sequence: state.sequence + 1 }, answer: true };
  return releaseLease(state, snapshotId, own.sequence);
}

/** Ends the lease of a finished snapshot. */
export function finishLease(state: LeaseState, snapshotId: string): LeaseChange<void> {
  const own = find(state, snapshotId);
  return own ? { state: without(state, own), answer: undefined } : { answer: undefined };
}

function find(state: LeaseState, snapshotId: string): Lease | undefined {
  return state.leases.find((lease) => lease.snapshotId === snapshotId);
}

function without(state: LeaseState, ended: Lease): LeaseState {
  return { sequence: state.sequence + 1, leases: state.leases.filter((lease) => lease !== ended) };
}
