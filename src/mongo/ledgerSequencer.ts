import type { Connection, Model } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from './errors';
import { SnapshotError } from '../errors';
import { RangeBuilder, emptyRange, leafHash, parseRange, rootOf, serializeRange } from '../tlog/merkle';
import { deepEqualJson } from '../sealing/deepEqualJson';
import {
  ledgerHeadModel,
  ledgerLeafModel,
  type LedgerHeadDocument,
  type LedgerLeafDocument,
} from '../models/ledger.model';
import type { LedgerSequencer, LedgerHead, LedgerRow } from '../ports/ledgerSequencer';

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
        if (!known._id.startsWith(`${this.#origin}/`)) throw this.#otherOrigin(known._id, snapshotId);
        if (known.entry !== text)
          throw new SnapshotError('SNAPSHOT_CONFLICT', `the ledger has another entry of ${snapshotId}`);
        if (known.index < size) return known.index;
      } else {
        try {
          await this.#leaves.create(this.#document(size, { snapshotId, entry }));
        } catch (error) {
          if (!isDuplicateKey(error)) throw toDatabaseError(this.#what, error);
          await this.#refuseMisplaced(size);
        }
      }
    }
    const message = `${this.#what}: lost the race against other appends ${MAX_RACES} times`;
    throw new SnapshotError('DATABASE_FAILED', message, { retryable: true });
  }

  async head(): Promise<LedgerHead> {
    const { size, nodes } = await this.#beyond((await this.#read()) ?? this.#emptyHead());
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
    return found.map(bytesOf);
  }

  async listRows(from: number): Promise<readonly Buffer[]> {
    const rows: Buffer[] = [];
    for (let start = from; ; start += PAGE) {
      const page = await this.#page(start, start + PAGE);
      const broken = page.findIndex(({ index }, offset) => index !== start + offset);
      rows.push(...(broken < 0 ? page : page.slice(0, broken)).map(bytesOf));
      if (broken >= 0 || page.length < PAGE) return rows;
    }
  }

  async replaceAll(entries: readonly LedgerRow[]): Promise<{ restored: number; removed: number }> {
    // The character after the digits.
    const end = `${this.#origin}/:`;
    const beyond = { _id: { $gte: this.#leafId(entries.length), $lt: end } };
    const { deletedCount } = await onDatabase(this.#what, () => this.#leaves.deleteMany(beyond));
    let removed = deletedCount;
    let restored = 0;
    const range = new RangeBuilder(emptyRange(0));
    for (const { entry } of entries) range.appendLeaf(leafHash(entry));
    for (let start = 0; start < entries.length; start += PAGE) {
      const wanted = entries
        .slice(start, start + PAGE)
        .map((row, offset) => this.#document(start + offset, row));
      const stored = new Map((await this.#page(start, start + PAGE)).map((row) => [row._id, row]));
      const missing = wanted.filter((row) => !deepEqualJson(stored.get(row._id), row));
      const among = { _id: { $in: missing.map(({ _id }) => _id) } };
      // All of them are removed first: a snapshot has one row, which may be at another index.
      const replaced = await onDatabase(this.#what, () => this.#leaves.deleteMany(among));
      removed += replaced.deletedCount;
      await onDatabase(this.#what, () => this.#leaves.insertMany(missing));
      restored += missing.length;
    }
    const { end: size, hashes: nodes } = serializeRange(range.range());
    await onDatabase(this.#what, () =>
      this.#heads.replaceOne({ _id: this.#origin }, { size, nodes }, { upsert: true }),
    );
    return { restored, removed };
  }

  /** Moves the head over the leaves that follow it without a gap; returns the current head. */
  async #advance(): Promise<LedgerHeadDocument> {
    for (;;) {
      const stored = (await this.#read()) ?? (await this.#create());
      const head = await this.#beyond(stored);
      if (head.size === stored.size) return stored;
      const { size, nodes } = head;
      await onDatabase(this.#what, () =>
        this.#heads.updateOne({ _id: this.#origin, size: stored.size }, { $set: { size, nodes } }),
      );
    }
  }

  /** A head over the leaves that follow this one without a gap. It is not stored: who reads the ledger need not write. */
  async #beyond(head: LedgerHeadDocument): Promise<LedgerHeadDocument> {
    const range = new RangeBuilder(parseRange({ begin: 0, end: head.size, hashes: head.nodes }));
    let { size } = head;
    for (;;) {
      const start = size;
      const page = await this.#page(start, start + PAGE);
      const broken = page.findIndex(({ index }, offset) => index !== start + offset);
      const next = broken < 0 ? page : page.slice(0, broken);
      for (const row of next) range.appendLeaf(leafHash(bytesOf(row)));
      size += next.length;
      if (next.length < PAGE) break;
    }
    const { end, hashes } = serializeRange(range.range());
    return { _id: this.#origin, size: end, nodes: hashes };
  }

  /** A row at the next index that has another index inside would be in the way of every entry. */
  async #refuseMisplaced(size: number): Promise<void> {
    const [row] = await this.#page(size, size + 1);
    if (row && row.index !== size)
      throw new SnapshotError(
        'LEDGER_ENTRY_INVALID',
        `${this.#what}: the row ${row._id} has the index ${String(row.index)}; nothing was signed. Find out who wrote it, then remove it: audit-snapshot ledger repair`,
      );
  }

  #otherOrigin(rowId: string, snapshotId: string): SnapshotError {
    const message = `${this.#what}: ${snapshotId} is in the ledger of another origin [row=${rowId}]; nothing was signed. Check AUDIT_ORIGIN and MONGODB_URI`;
    return new SnapshotError('ORIGIN_MISMATCH', message);
  }

  #document(index: number, { snapshotId, entry }: LedgerRow): LedgerLeafDocument {
    return { _id: this.#leafId(index), index, snapshotId, entry: entry.toString('utf8') };
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
    const head = this.#emptyHead();
    try {
      await this.#heads.create(head);
      return head;
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(this.#what, error);
      return (await this.#read()) ?? head;
    }
  }

  #emptyHead(): LedgerHeadDocument {
    return { _id: this.#origin, size: 0, nodes: [] };
  }

  #leafId(index: number): string {
    return `${this.#origin}/${String(index).padStart(12, '0')}`;
  }

  get #what(): string {
    return `ledger of ${this.#origin}`;
  }
}

/** The database may hold a value of any type here; the caller checks the entry. */
function bytesOf({ entry }: { readonly entry: unknown }): Buffer {
  return Buffer.from(String(entry));
}
