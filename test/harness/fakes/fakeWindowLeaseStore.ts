import type {
  Lease,
  LeaseOutcome,
  LeaseRequest,
  WindowLeaseStore,
} from '../../../src/ports/windowLeaseStore';
import {
  acquireLease,
  beginSigning,
  EMPTY_BOOK,
  finishLease,
  releaseLease,
  withdrawLease,
  type LeaseChange,
  type LeaseState,
} from '../../../src/sealing/leaseRules';
import { FaultPlan } from './faults';

/** The leases of one origin in memory, by the same rules as the real ones. */
export class FakeWindowLeaseStore implements WindowLeaseStore {
  readonly faults = new FaultPlan<keyof WindowLeaseStore>('DATABASE_UNREACHABLE');
  #state: LeaseState = EMPTY_BOOK;

  sequence(): Promise<number> {
    return this.faults.run('sequence', () => this.#state.sequence);
  }

  acquire(request: LeaseRequest): Promise<LeaseOutcome> {
    return this.faults.run('acquire', () => this.#change(acquireLease(this.#state, request)));
  }

  beginSigning(snapshotId: string): Promise<void> {
    return this.faults.run('beginSigning', () => this.#change(beginSigning(this.#state, snapshotId)));
  }

  release(snapshotId: string, sequence: number): Promise<boolean> {
    return this.faults.run('release', () => this.#change(releaseLease(this.#state, snapshotId, sequence)));
  }

  withdraw(snapshotId: string): Promise<boolean> {
    return this.faults.run('withdraw', () => this.#change(withdrawLease(this.#state, snapshotId)));
  }

  finish(snapshotId: string): Promise<void> {
    return this.faults.run('finish', () => this.#change(finishLease(this.#state, snapshotId)));
  }

  find(snapshotId: string): Promise<Lease | undefined> {
    return this.faults.run('find', () => this.#state.leases.find((lease) => lease.snapshotId === snapshotId));
  }

  list(): Promise<readonly Lease[]> {
    return this.faults.run('list', () => this.#state.leases);
  }

  #change<T>({ state, answer }: LeaseChange<T>): T {
    this.#state = state ?? this.#state;
    return answer;
  }
}
