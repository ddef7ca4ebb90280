import type { Connection, Model } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from '../adapters/mongoErrors';
import { SnapshotError } from '../errors';
import { windowLeaseModel, type LeaseBookDocument } from '../models/windowLease.model';
import type { Lease, LeaseOutcome, LeaseRequest, WindowLeases } from '../ports';
import {
  acquireLease,
  beginSigning,
  finishLease,
  releaseLease,
  withdrawLease,
  EMPTY_BOOK,
  type BookChange,
  type LeaseBook,
} from './leaseRules';

/** Lost races before a change is given back to be retried: more than workers ever change one book at once. */
const MAX_RACES = 50;

/** The leases of one origin in one document: the rules are pure, and a change is one compare-and-set on its version. */
export class MongoWindowLeases implements WindowLeases {
  readonly #books: Model<LeaseBookDocument>;
  readonly #origin: string;

  constructor(connection: Connection, origin: string) {
    this.#books = windowLeaseModel(connection);
    this.#origin = origin;
  }

  async sequence(): Promise<number> {
    return (await this.#read())?.sequence ?? EMPTY_BOOK.sequence;
  }

  acquire(request: LeaseRequest): Promise<LeaseOutcome> {
    return this.#change((book) => acquireLease(book, request));
  }

  beginSigning(snapshotId: string): Promise<void> {
    return this.#change((book) => beginSigning(book, snapshotId));
  }

  release(snapshotId: string, sequence: number): Promise<boolean> {
    return this.#change((book) => releaseLease(book, snapshotId, sequence));
  }

  withdraw(snapshotId: string): Promise<boolean> {
    return this.#change((book) => withdrawLease(book, snapshotId));
  }

  finish(snapshotId: string): Promise<void> {
    return this.#change((book) => finishLease(book, snapshotId));
  }

  async find(snapshotId: string): Promise<Lease | undefined> {
    const book = await this.#read();
    return book?.leases.find((lease) => lease.snapshotId === snapshotId);
  }

  async #change<T>(rule: (book: LeaseBook) => BookChange<T>): Promise<T> {
    for (let race = 0; race < MAX_RACES; race++) {
      const current = (await this.#read()) ?? (await this.#create());
      const { book, answer } = rule({ sequence: current.sequence, leases: current.leases });
      if (!book || (await this.#replace(current.version, book))) return answer;
    }
    const message = `leases of ${this.#origin}: ${MAX_RACES} changes were overtaken by others`;
    throw new SnapshotError('DATABASE_FAILED', message, { retryable: true });
  }

  async #replace(version: number, book: LeaseBook): Promise<boolean> {
    const filter = { _id: this.#origin, version };
    const update = { $set: { version: version + 1, sequence: book.sequence, leases: book.leases } };
    const { matchedCount } = await onDatabase(this.#what, () => this.#books.updateOne(filter, update));
    return matchedCount === 1;
  }

  #read(): Promise<LeaseBookDocument | null> {
    return onDatabase(this.#what, () => this.#books.findById(this.#origin).lean());
  }

  async #create(): Promise<LeaseBookDocument> {
    const book: LeaseBookDocument = { _id: this.#origin, version: 0, ...EMPTY_BOOK };
    try {
      await this.#books.create(book);
      return book;
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(this.#what, error);
      return (await this.#read()) ?? book;
    }
  }

  get #what(): string {
    return `leases of ${this.#origin}`;
  }
}
