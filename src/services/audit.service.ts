import type { Connection, mongo } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from '../mongo/errors';
import type { Position } from '../contract/activities';
import type { Window } from '../contract/window';
import { readRecord } from '../evidence/recordBytes';
import { auditLogModel } from '../models/auditLog.model';
import type { LogSlice, MarkOutcome, RecordSource, SnapshotCreated } from '../ports/recordSource';
import { buildEntry, entryIdOnce, SNAPSHOT_CREATED, SYSTEM_ACTOR_ID, type AuditEntry } from './auditEntry';
import { pagesOf, tiesOf, type LogPage } from '../mongo/logPages';
import { decodeRecordId } from '../mongo/recordId';
import { markSealed } from '../mongo/sealMarks';

const RECORDS_PER_INSERT = 500;
const SCAN_BATCH = 4_096;

/** The audit log: what applications write to it, what sealing reads of it, and the one place that marks it. */
export class AuditService implements RecordSource {
  readonly #logs: mongo.Collection;

  constructor(connection: Connection) {
    // The driver's own collection: sealing reads raw bytes, and marking is what the model's guard keeps others from.
    this.#logs = auditLogModel(connection).collection;
  }

  /** Stores an entry as exactly the bytes that its `hash` was computed over. PAYLOAD_INVALID, DATABASE_*. */
  async logAuditEntry(entry: AuditEntry): Promise<{ id: string; hash: string }> {
    const { id, hash, document } = buildEntry(entry);
    await onDatabase(`audit entry ${entry.action}`, () => this.#logs.insertOne(document));
    return { id: id.toHexString(), hash };
  }

  /** Stores many entries, in order and in batches; returns how many. The first that fails ends it. */
  async logAuditEntries(entries: Iterable<AuditEntry>): Promise<number> {
    let count = 0;
    let batch: mongo.Document[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await onDatabase('audit entries', () => this.#logs.insertMany(batch));
      count += batch.length;
      batch = [];
    };
    for (const entry of entries) {
      batch.push(buildEntry(entry).document);
      if (batch.length === RECORDS_PER_INSERT) await flush();
    }
    await flush();
    return count;
  }

  /** Raw BSON in the order `(timestamp, _id)`, at most `limit`, by one query for each page of the slice. */
  async *scan(slice: LogSlice, limit: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let left = limit;
    const lastTie = slice.after === null ? undefined : await this.#lastTie(slice.after);
    for (const page of pagesOf(slice, lastTie)) {
      if (left <= 0) return;
      for await (const record of this.#read(page, left, signal)) {
        yield record;
        left--;
      }
    }
  }

  /** The id that sorts last among the unsealed records of a millisecond. */
  async #lastTie(after: Position): Promise<string | undefined> {
    const sort = { timestamp: -1, _id: -1 } as const;
    const options = { raw: true, sort, limit: 1, projection: { _id: 1 } };
    const [last] = await onDatabase('reading the audit log', () =>
      this.#logs.find<Buffer>(tiesOf(after), options).toArray(),
    );
    return last && readRecord(last).id;
  }

  /** A `limit` of 0 is none. */
  async *#read({ filter, behindId }: LogPage, limit: number, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const cursor = this.#logs.find<Buffer>(filter, {
      raw: true,
      sort: { timestamp: 1, _id: 1 },
      // What is skipped must not use the limit up.
      ...(behindId === undefined ? { limit } : {}),
      batchSize: SCAN_BATCH,
      ...(signal ? { signal } : {}),
    });
    let behind = behindId === undefined;
    let count = 0;
    try {
      for await (const record of cursor) {
        signal?.throwIfAborted();
        if (behind) {
          yield record;
          if (++count === limit) return;
        } else behind = readRecord(record).id === behindId;
      }
    } catch (error) {
      throw toDatabaseError('reading the audit log', error);
    } finally {
      await cursor.close();
    }
  }

  async *scanMarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* this.#read({ filter: { immutable: true, ...between(fromMs, untilMs) } }, 0, signal);
  }

  async *scanUnmarked(fromMs: number, untilMs: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    // Null asks for records without the member as well; each is a range of one index.
    for (const immutable of [false, null])
      yield* this.#read({ filter: { immutable, ...between(fromMs, untilMs) } }, 0, signal);
  }

  async findByIds(ids: readonly string[]): Promise<readonly Uint8Array[]> {
    const values = ids.map(decodeRecordId).filter((value) => value !== undefined);
    const among = { _id: { $in: values } } as mongo.Document;
    return onDatabase('records by id', () => this.#logs.find<Buffer>(among, { raw: true }).toArray());
  }

  countUnsealed({ from, to }: Window, signal?: AbortSignal): Promise<number> {
    const filter = { immutable: false, timestamp: { $gte: new Date(from), $lte: new Date(to) } };
    const options = signal ? { signal } : {};
    return onDatabase('counting', () => this.#logs.countDocuments(filter, options));
  }

  /**
   * Marks records as sealed by a snapshot, and nothing but that, where they are not sealed yet. Records that are gone,
   * another snapshot's, or cannot be changed come back as conflicts. Repeating it changes nothing.
   */
  async updateLogImmutability(logIds: readonly string[], snapshotId: string): Promise<MarkOutcome> {
    return { conflicts: await markSealed(this.#logs, logIds, snapshotId) };
  }

  /** The snapshot that a record is marked with; undefined when there is no such record, or it is not sealed. */
  async findSnapshotOf(recordId: string): Promise<string | undefined> {
    const own = { _id: decodeRecordId(recordId), immutable: true } as mongo.Document;
    const found = await onDatabase(`record ${recordId}`, () =>
      this.#logs.findOne(own, { projection: { snapshotId: 1 } }),
    );
    return typeof found?.['snapshotId'] === 'string' ? found['snapshotId'] : undefined;
  }

  /** Writes the audit entry `snapshot.created` once: its id derives from the asset, so writing it again is no error. */
  async recordSnapshotCreated({ snapshotAssetId, recordCount, signedHash }: SnapshotCreated): Promise<void> {
    const { document } = buildEntry(
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
}

function between(fromMs: number, untilMs: number): mongo.Document {
  return { timestamp: { $gte: new Date(fromMs), $lt: new Date(untilMs) } };
}
