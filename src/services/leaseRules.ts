import { SnapshotError } from '../errors';
import type { Lease, LeaseOutcome, LeaseRequest } from '../ports';

/** All leases of one origin, and how often one was granted or ended. */
export interface LeaseBook {
  readonly sequence: number;
  readonly leases: readonly Lease[];
}

export const EMPTY_BOOK: LeaseBook = { sequence: 0, leases: [] };

/** A change of the book and what it answers; `book` is undefined when nothing changes. */
export interface BookChange<T> {
  readonly book?: LeaseBook;
  readonly answer: T;
}

/** Grants a lease unless another snapshot's window overlaps or the request is outdated; its holder gets the one it has. */
export function acquireLease(book: LeaseBook, request: LeaseRequest): BookChange<LeaseOutcome> {
  const own = find(book, request.snapshotId);
  if (own) return { answer: { granted: true, lease: own } };
  const blockers = book.leases.filter(({ window }) => overlap(window, request.window));
  if (blockers.length > 0 || request.asOf !== book.sequence) return { answer: { granted: false, blockers } };
  const sequence = book.sequence + 1;
  const { snapshotId, window, workflowId } = request;
  const lease: Lease = { snapshotId, window, workflowId, sequence, signing: false };
  return { book: { sequence, leases: [...book.leases, lease] }, answer: { granted: true, lease } };
}

/** Marks a lease as signing; LEASE_LOST when it is not held. */
export function beginSigning(book: LeaseBook, snapshotId: string): BookChange<void> {
  const own = find(book, snapshotId);
  if (!own) {
    const message = `snapshot ${snapshotId} no longer holds its window; nothing was signed, and its next attempt starts over`;
    throw new SnapshotError('LEASE_LOST', message);
  }
  if (own.signing) return { answer: undefined };
  const leases = book.leases.map((lease) => (lease === own ? { ...own, signing: true } : lease));
  return { book: { ...book, leases }, answer: undefined };
}

/** Gives a lease up unless signing began; answers whether the window is free of that lease. */
export function releaseLease(book: LeaseBook, snapshotId: string, sequence: number): BookChange<boolean> {
  const own = book.leases.find((lease) => lease.snapshotId === snapshotId && lease.sequence === sequence);
  if (!own) return { answer: true };
  if (own.signing) return { answer: false };
  return { book: without(book, own), answer: true };
}

/** Gives up whatever lease the snapshot has, unless signing began, and outdates what was asked for it before. */
export function withdrawLease(book: LeaseBook, snapshotId: string): BookChange<boolean> {
  const own = find(book, snapshotId);
  if (!own) return { book: { ...book, sequence: book.sequence + 1 }, answer: true };
  return releaseLease(book, snapshotId, own.sequence);
}

/** Ends the lease of a finished snapshot. */
export function finishLease(book: LeaseBook, snapshotId: string): BookChange<void> {
  const own = find(book, snapshotId);
  return own ? { book: without(book, own), answer: undefined } : { answer: undefined };
}

function find(book: LeaseBook, snapshotId: string): Lease | undefined {
  return book.leases.find((lease) => lease.snapshotId === snapshotId);
}

function without(book: LeaseBook, gone: Lease): LeaseBook {
  return { sequence: book.sequence + 1, leases: book.leases.filter((lease) => lease !== gone) };
}

/** Both ends are inclusive; canonical instants compare as text. */
function overlap(left: Lease['window'], right: Lease['window']): boolean {
  return left.from <= right.to && right.from <= left.to;
}
