import type { Connection, Model } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from './errors';
import { SnapshotError } from '../errors';
import { RangeBuilder, leafHash, parseRange, rootOf, serializeRange } from '../tlog/merkle';
import {
  ledgerHeadModel,
  ledgerLeafModel,
  type LedgerHeadDocument,
  type LedgerLeafDocument,
} from '../models/ledger.model';
import type { LedgerSequencer, LedgerHead } from '../ports/ledgerSequencer';

/** Lost races after which an append fails as retryable. */
const MAX_RACES = 200;
/** Leaves read at once; beyond the head there are only those of appends in progress. */
const PAGE = 1_000;

/**
 * The ledger of one origin. A leaf takes the index after the head by its unique `_id`, and any process that finds a leaf
 * beyond the head moves the head over it first. So a crash at any point leaves a leaf that counts, or none.
 */
export class MongoLedgerSequencer implements LedgerSequencer {
  readonly #heads: Model<LedgerHeadDocument>;
  readonly #leaves: Model<LedgerLeafDocument>;
  readonly #origin: string;

  constructor(connection: Connection, origin: string) {
    this.#heads = ledgerHeadModel(connection);
    this.#leaves = ledgerLeafModel(connection);
    this.#origin = origin;
  }

  async append(snapshotId: string, entry: Buffer): Promise<number> {
    const text = entry.toString('utf8');
    for (let race = 0; race < MAX_RACES; race++) {
      const { size } = await this.#advance();
      const known = await this.#find(snapshotId);
      if (known) {
        if (known.entry !== text)
          throw new SnapshotError('SNAPSHOT_CONFLICT', `the ledger has another entry of ${snapshotId}`);
        if (known.index < size) return known.index;
      } else {
        try {
          await this.#leaves.create({ _id: this.#leafId(size), index: size, snapshotId, entry: text });
        } catch (error) {
          if (!isDuplicateKey(error)) throw toDatabaseError(this.#what, error);
        }
      }
    }
    const message = `${this.#what}: lost the race against other appends ${MAX_RACES} times`;
    throw new SnapshotError('DATABASE_FAILED', message, { retryable: true });
  }

  async head(): Promise<LedgerHead> {
    const { size, nodes } = await this.#advance();
    return { size, root: rootOf(parseRange({ begin: 0, end: size, hashes: nodes })) };
  }

  async list(from: number, until: number): Promise<readonly Buffer[]> {
    const found: LedgerLeafDocument[] = [];
    for (let start = from; start < until; start += PAGE)
      found.push(...(await this.#page(start, Math.min(start + PAGE, until))));
    const broken = found.findIndex(({ index }, offset) => index !== from + offset);
    if (found.length !== until - from || broken >= 0) {
      const message = `${this.#what}: entry ${from + (broken < 0 ? found.length : broken)} is missing from the database; restore it; nothing was signed`;
      throw new SnapshotError('LEDGER_BEHIND', message);
    }
    return found.map(({ entry }) => Buffer.from(entry));
  }

  /** Moves the head over the leaves that follow it without a gap; returns the current head. */
  async #advance(): Promise<LedgerHeadDocument> {
    for (;;) {
      const head = (await this.#read()) ?? (await this.#create());
      const beyond = await this.#page(head.size, head.size + PAGE);
      const broken = beyond.findIndex(({ index }, offset) => index !== head.size + offset);
      const next = broken < 0 ? beyond : beyond.slice(0, broken);
      if (next.length === 0) return head;
      const range = new RangeBuilder(parseRange({ begin: 0, end: head.size, hashes: head.nodes }));
      for (const { entry } of next) range.appendLeaf(leafHash(Buffer.from(entry)));
      const { end, hashes } = serializeRange(range.range());
      await onDatabase(this.#what, () =>
        this.#heads.updateOne({ _id: this.#origin, size: head.size }, { $set: { size: end, nodes: hashes } }),
      );
    }
  }

  #page(from: number, until: number): Promise<LedgerLeafDocument[]> {
    const range = { $gte: this.#leafId(from), $lt: this.#leafId(until) };
    return onDatabase(this.#what, () => this.#leaves.find({ _id: range }).sort({ _id: 1 }).lean());
  }

  #find(snapshotId: string): Promise<LedgerLeafDocument | null> {
    return onDatabase(this.#what, () => this.#leaves.findOne({ snapshotId }).lean());
  }

  #read(): Promise<LedgerHeadDocument | null> {
    return onDatabase(this.#what, () => this.#heads.findById(this.#origin).lean());
  }

  async #create(): Promise<LedgerHeadDocument> {
    const head: LedgerHeadDocument = { _id: this.#origin, size: 0, nodes: [] };
    try {
      await this.#heads.create(head);
      return head;
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(this.#what, error);
      return (await this.#read()) ?? head;
    }
  }

  #leafId(index: number): string {
    return `${this.#origin}/${String(index).padStart(12, '0')}`;
  }

  get #what(): string {
    return `ledger of ${this.#origin}`;
  }
}
