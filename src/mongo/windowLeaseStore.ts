import type { Connection, Model } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from './errors';
import { SnapshotError } from '../errors';
import { windowLeaseModel, type OriginLeasesDocument } from '../models/windowLease.model';
import type { Lease, LeaseOutcome, LeaseRequest, WindowLeaseStore } from '../ports/windowLeaseStore';
import {
  acquireLease,
  beginSigning,
  finishLease,
  releaseLease,
  withdrawLease,
  EMPTY_BOOK,
  type LeaseChange,
  type LeaseState,
} from '../sealing/leaseRules';

/** Lost races after which a change fails as retryable; more workers than that never change one document at once. */
const MAX_RACES = 50;

/** The leases of one origin in one document: the rules are pure functions, and a change is one compare-and-set on its version. */
export class MongoWindowLeaseStore implements WindowLeaseStore {
  readonly #origins: Model<OriginLeasesDocument>;
  readonly #origin: string;

  constructor(connection: Connection, origin: string) {
    this.#origins = windowLeaseModel(connection);
    this.#origin = origin;
  }

  async sequence(): Promise<number> {
    return (await this.#read())?.sequence ?? EMPTY_BOOK.sequence;
  }

  acquire(request: LeaseRequest): Promise<LeaseOutcome> {
    return this.#change((state) => acquireLease(state, request));
  }

  beginSigning(snapshotId: string): Promise<void> {
    return this.#change((state) => beginSigning(state, snapshotId));
  }

  release(snapshotId: string, sequence: number): Promise<boolean> {
    return this.#change((state) => releaseLease(state, snapshotId, sequence));
  }

  withdraw(snapshotId: string): Promise<boolean> {
    return this.#change((state) => withdrawLease(state, snapshotId));
  }

  finish(snapshotId: string): Promise<void> {
    return this.#change((state) => finishLease(state, snapshotId));
  }

  async find(snapshotId: string): Promise<Lease | undefined> {
    return (await this.list()).find((lease) => lease.snapshotId === snapshotId);
  }

  async list(): Promise<readonly Lease[]> {
    return (await this.#read())?.leases ?? [];
  }

  async #change<T>(rule: (state: LeaseState) => LeaseChange<T>): Promise<T> {
    for (let race = 0; race < MAX_RACES; race++) {
      const current = (await this.#read()) ?? (await this.#create());
      const { state, answer } = rule({ sequence: current.sequence, leases: current.leases });
      if (!state || (await this.#replace(current.version, state))) return answer;
    }
    const message = `leases of ${this.#origin}: lost the race against other changes ${MAX_RACES} times`;
    throw new SnapshotError('DATABASE_FAILED', message, { retryable: true });
  }

  async #replace(version: number, state: LeaseState): Promise<boolean> {
    const filter = { _id: this.#origin, version };
    const update = { $set: { version: version + 1, sequence: state.sequence, leases: state.leases } };
    const { matchedCount } = await onDatabase(this.#what, () => this.#origins.updateOne(filter, update));
    return matchedCount === 1;
  }

  #read(): Promise<OriginLeasesDocument | null> {
    return onDatabase(this.#what, () => this.#origins.findById(this.#origin).lean());
  }

  async #create(): Promise<OriginLeasesDocument> {
    const state: OriginLeasesDocument = { _id: this.#origin, version: 0, ...EMPTY_BOOK };
    try {
      await this.#origins.create(state);
      return state;
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(this.#what, error);
      return (await this.#read()) ?? state;
    }
  }

  get #what(): string {
    return `leases of ${this.#origin}`;
  }
}
