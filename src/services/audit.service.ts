import type { Connection, mongo } from 'mongoose';
import type { Bounds, Window } from '../contract/window';
import { listedId } from '../evidence/recordIds';
import { AUDIT_LOG, type RecordMembers, type RecordSourceNames } from '../evidence/recordMembers';
import { auditLogModel } from '../models/auditLog.model';
import { isDuplicateKey, onDatabase, toDatabaseError } from '../mongo/errors';
import { readPage, scanSlice, streamRecords } from '../mongo/logCursor';
import { between, unsealedBy, unsealedMarks } from '../mongo/logPages';
import { countLeftOut } from '../mongo/leftOutRecords';
import { isMarkable, oddMarkFilters } from '../mongo/oddRecords';
import { decodeRecordId, idFilters } from '../mongo/recordId';
import { markSealed } from '../mongo/sealMarks';
import type { LeftOutCounts } from '../evidence/leftOut';
import type {
  LeftOutScope,
  LogSlice,
  MarkOutcome,
  RecordSource,
  SnapshotCreated,
} from '../ports/recordSource';
import {
  buildEntry,
  entryIdOnce,
  SNAPSHOT_CREATED,
  SYSTEM_ACTOR_ID,
  type AuditEntry,
  type BuiltEntry,
} from './auditEntry';

// This room is what applications call: they write audit entries through AuditService, and sealing reads and marks the log
// through the same service and registers its objects through AssetService.

const RECORDS_PER_INSERT = 500;

/**
 * The audit log: applications write it, sealing reads it, and only this service marks its records as sealed.
 *
 * @example
 * ```ts
 * await using database = await connectDatabase('mongodb://localhost:27017/app');
 * const audit = new AuditService(database);
 * await audit.logAuditEntry({ resourceType: 'invoice', resourceId: '42', action: 'invoice.paid', actorId: 'user-7' });
 * ```
 */
export class AuditService implements RecordSource {
  readonly #logs: mongo.Collection;
  readonly #source: RecordSourceNames;

  /** Works on a connection of `connectDatabase`, which its owner closes, and on the collection with these names. */
  constructor(connection: Connection, source: RecordSourceNames = AUDIT_LOG) {
    // The driver's collection: sealing reads raw bytes, and the model's guard would reject marking.
    this.#logs = auditLogModel(connection, source).collection;
    this.#source = source;
  }

  /**
   * Stores an entry as exactly the bytes that its `hash` was computed over, and returns its id and hash (hex SHA-256).
   * PAYLOAD_INVALID, DATABASE_*.
   *
   * @example
   * ```ts
   * const { id, hash } = await audit.logAuditEntry({
   *   resourceType: 'invoice',
   *   resourceId: '42',
   *   action: 'invoice.paid',
   *   actorId: 'user-7',
   *   details: { amount: 199.95, currency: 'EUR' },
   * });
   * ```
   */
  async logAuditEntry(entry: AuditEntry): Promise<{ id: string; hash: string }> {
    const { id, hash, document } = this.#build(entry);
    await onDatabase(`audit entry ${entry.action}`, () => this.#logs.insertOne(document));
    return { id: id.toHexString(), hash };
  }

  /**
   * Stores many entries, in order and in batches, and returns how many. The first failure ends it; earlier batches stay
   * stored. PAYLOAD_INVALID, DATABASE_*.
   *
   * @example
   * ```ts
   * const count = await audit.logAuditEntries(importedEntries);
   * ```
   */
  async logAuditEntries(entries: Iterable<AuditEntry>): Promise<number> {
    let count = 0;
    let batch: mongo.Document[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await onDatabase('audit entries', () => this.#logs.insertMany(batch));
      count += batch.length;
      batch = [];
    };
    for (const entry of entries) {
      batch.push(this.#build(entry).document);
      if (batch.length === RECORDS_PER_INSERT) await flush();
    }
    await flush();
    return count;
  }

  /**
   * Yields unsealed records of a slice of log time as raw BSON, in the order `(timestamp, _id)`, at most `limit`. DATABASE_*;
   * the signal's reason once it is aborted.
   *
   * @example
   * ```ts
   * const slice = { fromMs: Date.parse('2026-01-31T00:00:00Z'), untilMs: Date.parse('2026-02-01T00:00:00Z'), after: null };
   * for await (const bson of audit.scan(slice, 5_000)) console.log(bson.length);
   * ```
   */
  scan(slice: LogSlice, limit: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    return scanSlice(this.#logs, this.#source, slice, limit, signal);
  }

  /**
   * Yields sealed records of `[fromMs, untilMs)` as raw BSON, in the order `(timestamp, _id)`. DATABASE_*.
   *
   * @example
   * ```ts
   * for await (const bson of audit.scanMarked(fromMs, untilMs)) console.log(bson.length);
   * ```
   */
  async *scanMarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const filter = this.#marked(true, fromMs, untilMs);
    yield* readPage(this.#logs, this.#members, { filter }, 0, signal);
  }

  /**
   * Yields records of `[fromMs, untilMs)` whose `immutable` is false or missing, as raw BSON; first the former, then the
   * latter, each in the order `(timestamp, _id)`. DATABASE_*.
   *
   * @example
   * ```ts
   * for await (const bson of audit.scanUnmarked(fromMs, untilMs)) console.log(bson.length);
   * ```
   */
  async *scanUnmarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    // Null also matches records without the member; each is a range of one index.
    for (const mark of [false, null]) {
      const filter = this.#marked(mark, fromMs, untilMs);
      yield* readPage(this.#logs, this.#members, { filter }, 0, signal);
    }
  }

  /**
   * Yields, as raw BSON, records whose mark is not one that sealing writes: `immutable` of another type than boolean, or
   * `immutable: true` with a `timestamp` that is no date. In no order; a record may come twice. DATABASE_*.
   *
   * @example
   * ```ts
   * for await (const bson of audit.scanOddMarks()) console.log(bson.length);
   * ```
   */
  async *scanOddMarks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const filter of oddMarkFilters(this.#members)) yield* streamRecords(this.#logs, filter, signal);
  }

  /**
   * Yields the existing ones of these records as raw BSON, in no order. Ids are position ids: 24 hex digits, or
   * `bson:<type>:<value>` in hex. DATABASE_*.
   *
   * @example
   * ```ts
   * for await (const bson of audit.findByIds(['697d3a000000000000000001'])) console.log(bson.length);
   * ```
   */
  async *findByIds(ids: readonly string[]): AsyncGenerator<Uint8Array> {
    for (const filter of idFilters(ids)) yield* streamRecords(this.#logs, filter);
  }

  /**
   * False for a record (raw BSON) that cannot be marked as sealed: the mark would exceed the size limit of the database, or
   * no query can express its id.
   *
   * @example
   * ```ts
   * const markable = audit.isMarkable(record, 'snap-day-2026-01-31');
   * ```
   */
  isMarkable(document: Uint8Array, snapshotId: string): boolean {
    return isMarkable(document, snapshotId, this.#members);
  }

  /**
   * The number of unsealed records of a window, both ends inclusive. DATABASE_*.
   *
   * @example
   * ```ts
   * const day = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
   * const count = await audit.countUnsealed(day, AbortSignal.timeout(10_000));
   * ```
   */
  async countUnsealed({ from, to }: Window, signal?: AbortSignal): Promise<number> {
    const time = between(this.#members, Date.parse(from), Date.parse(to) + 1);
    const options = signal ? { signal } : {};
    let count = 0;
    for (const mark of unsealedMarks(this.#source)) {
      const filter = { ...unsealedBy(this.#members, mark), ...time };
      count += await onDatabase('counting unsealed records', () =>
        this.#logs.countDocuments(filter, options),
      );
    }
    return count;
  }

  /**
   * The number of records that sealing leaves out, by kind, each up to 10,000. DATABASE_*.
   *
   * @example
   * ```ts
   * const { 'time-text': count } = await audit.countLeftOut({ uncovered: [] });
   * ```
   */
  countLeftOut(scope: LeftOutScope): Promise<LeftOutCounts> {
    return countLeftOut(this.#logs, this.#source, scope);
  }

  /**
   * Marks records as sealed by a snapshot where they are not sealed yet, and changes nothing else. Records that are deleted,
   * sealed by another snapshot, or cannot be changed are returned as conflicts. Repeating it changes nothing. DATABASE_*.
   *
   * @example
   * ```ts
   * const { conflicts } = await audit.updateLogImmutability(idsOfOneChunk, 'snap-day-2026-01-31');
   * ```
   */
  async updateLogImmutability(
    logIds: readonly string[],
    snapshotId: string,
    within?: Bounds,
  ): Promise<MarkOutcome> {
    const [members, marks] = [this.#members, unsealedMarks(this.#source)];
    return { conflicts: await markSealed(this.#logs, { logIds, snapshotId, within, members, marks }) };
  }

  /**
   * The id of the snapshot that a record is marked with; undefined when the record does not exist or is not sealed.
   * DATABASE_*.
   *
   * @example
   * ```ts
   * const snapshotId = await audit.findSnapshotOf('697d3a000000000000000001');
   * ```
   */
  async findSnapshotOf(recordId: string): Promise<string | undefined> {
    const { immutable, snapshotId } = this.#members;
    const own = { _id: decodeRecordId(recordId), [immutable]: true } as mongo.Document;
    const found = await onDatabase(`record ${listedId(recordId)}`, () =>
      this.#logs.findOne(own, { projection: { [snapshotId]: 1 } }),
    );
    const owner: unknown = found?.[snapshotId];
    return typeof owner === 'string' ? owner : undefined;
  }

  /**
   * Writes the audit entry `snapshot.created` once: its id derives from the asset id, so repeating it changes nothing.
   * DATABASE_*.
   *
   * @example
   * ```ts
   * await audit.recordSnapshotCreated({ snapshotAssetId, recordCount: 1_000, signedHash });
   * ```
   */
  async recordSnapshotCreated({ snapshotAssetId, recordCount, signedHash }: SnapshotCreated): Promise<void> {
    const { document } = this.#build(
      {
        resourceType: 'audit_snapshot',
        resourceId: snapshotAssetId,
        action: SNAPSHOT_CREATED,
        actorId: SYSTEM_ACTOR_ID,
        details: { snapshotAssetId, recordCount, signedHash },
      },
      entryIdOnce(SNAPSHOT_CREATED, snapshotAssetId),
    );
    try {
      await this.#logs.insertOne(document);
    } catch (error) {
      if (!isDuplicateKey(error))
        throw toDatabaseError(`audit entry ${SNAPSHOT_CREATED} ${snapshotAssetId}`, error);
    }
  }

  get #members(): RecordMembers {
    return this.#source.members;
  }

  #build(entry: AuditEntry, id?: mongo.ObjectId): BuiltEntry {
    return buildEntry(entry, id, this.#members);
  }

  /** The records of `[fromMs, untilMs)` with this mark; null also means that the member is missing. */
  #marked(mark: boolean | null, fromMs: number, untilMs: number): mongo.Document {
    return { [this.#members.immutable]: mark, ...between(this.#members, fromMs, untilMs) };
  }
}
