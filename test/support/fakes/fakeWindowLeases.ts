import type { Lease, LeaseOutcome, LeaseRequest, WindowLeases } from '../../../src/ports';
import {
  acquireLease,
  beginSigning,
  EMPTY_BOOK,
  finishLease,
  releaseLease,
  withdrawLease,
  type BookChange,
  type LeaseBook,
} from '../../../src/services/leaseRules';
import { FaultPlan } from './faults';

/** The leases of one origin in memory, by the same rules as the real ones. */
export class FakeWindowLeases implements WindowLeases {
  readonly faults = new FaultPlan<keyof WindowLeases>('DATABASE_UNREACHABLE');
  #book: LeaseBook = EMPTY_BOOK;

  sequence(): Promise<number> {
    return this.faults.run('sequence', () => this.#book.sequence);
  }

  acquire(request: LeaseRequest): Promise<LeaseOutcome> {
    return this.faults.run('acquire', () => this.#change(acquireLease(this.#book, request)));
  }

  beginSigning(snapshotId: string): Promise<void> {
    return this.faults.run('beginSigning', () => this.#change(beginSigning(this.#book, snapshotId)));
  }

  release(snapshotId: string, sequence: number): Promise<boolean> {
    return this.faults.run('release', () => this.#change(releaseLease(this.#book, snapshotId, sequence)));
  }

  withdraw(snapshotId: string): Promise<boolean> {
    return this.faults.run('withdraw', () => this.#change(withdrawLease(this.#book, snapshotId)));
  }

  finish(snapshotId: string): Promise<void> {
    return this.faults.run('finish', () => this.#change(finishLease(this.#book, snapshotId)));
  }

  find(snapshotId: string): Promise<Lease | undefined> {
    return this.faults.run('find', () => this.#book.leases.find((lease) => lease.snapshotId === snapshotId));
  }

  #change<T>({ book, answer }: BookChange<T>): T {
    this.#book = book ?? this.#book;
    return answer;
  }
}
