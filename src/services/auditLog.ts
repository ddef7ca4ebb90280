import type { Connection, Model, mongo } from 'mongoose';
import { auditLogModel, type IAuditLog } from '../models/auditLog.model';
import { connectDatabase } from '../mongo/connection';
import { onDatabase } from '../mongo/errors';
import { AUDIT_LOG, type RecordMembers, type RecordSourceNames } from '../evidence/recordMembers';
import { buildEntry, buildRecord, type AuditEntry } from './auditEntry';

// The entry `audit-snapshot/log` of the package: what an application needs to write records that can be sealed. It loads
// mongoose and small files of this package, but no client of Temporal, Vault or storage.

export { mongo } from 'mongoose';
export { ERROR_CODES, isSnapshotError, SnapshotError, type ErrorCode } from '../errors';
export { guardImmutability } from '../models/immutability';
export type { AuditEntry } from './auditEntry';
export type { IAuditLog } from '../models/auditLog.model';

/** Records of one insert: a batch is acknowledged as a whole. */
const RECORDS_PER_INSERT = 500;
const BYTES_PER_INSERT = 16 * 1024 * 1024;

/** What was written. */
export interface WrittenRecord {
  /** 24 hex digits of an ObjectId, otherwise `bson:<type>:<value>` in hex: the id that `audit-snapshot prove` takes. */
  readonly id: string;
  /** Lowercase hex SHA-256, as the record has it. */
  readonly hash: string;
}

/** The names that sealing is configured with: the collection, and the members of a record that sealing reads or writes. */
export interface AuditLogOptions {
  /** Default `auditlogs`. */
  readonly collection?: string | undefined;
  /** Default `timestamp`, `hash`, `immutable` and `snapshotId`. */
  readonly members?: Partial<RecordMembers> | undefined;
}

/**
 * Writes audit records that sealing takes: each is stored as exactly the bytes that its hash was computed over. A value that
 * BSON would change in silence is PAYLOAD_INVALID, with its path in the message.
 *
 * @example
 * ```ts
 * await using log = await AuditLog.connect('mongodb://localhost:27017/app');
 * await log.write({ resourceType: 'invoice', resourceId: '42', action: 'invoice.paid', actorId: 'user-7' });
 * ```
 */
export class AuditLog {
  /** The mongoose model of the log. It refuses to change or delete sealed records: RECORD_IMMUTABLE. */
  readonly model: Model<IAuditLog>;
  readonly #members: RecordMembers;
  /** Undefined for a connection that its owner closes. */
  #connection: Connection | undefined;

  /**
   * Works on a connection of the mongoose that this package uses, which its owner closes. Writes wait for what its write
   * concern says; an audit log wants `w: 'majority'` and `journal: true`.
   *
   * @example
   * ```ts
   * const log = new AuditLog(mongoose.createConnection('mongodb://localhost:27017/app'));
   * ```
   */
  constructor(connection: Connection, options: AuditLogOptions = {}) {
    const source = sourceOf(options);
    this.#members = source.members;
    this.model = auditLogModel(connection, source);
  }

  /**
   * Connects to a database. A write is acknowledged once a majority of the servers has it on disk. DATABASE_HOST_UNKNOWN,
   * DATABASE_UNREACHABLE, DATABASE_UNAUTHORIZED, CONFIG_INVALID.
   *
   * @example
   * ```ts
   * const log = await AuditLog.connect(process.env['MONGODB_URI']!, {
   *   collection: 'events',
   *   members: { time: 'createdAt' },
   * });
   * ```
   */
  static async connect(uri: string, options: AuditLogOptions = {}): Promise<AuditLog> {
    const connection = await connectDatabase(uri);
    const log = new AuditLog(connection, options);
    log.#connection = connection;
    return log;
  }

  /**
   * Stores an entry. PAYLOAD_INVALID, DATABASE_*.
   *
   * @example
   * ```ts
   * const { id, hash } = await log.write({
   *   resourceType: 'invoice',
   *   resourceId: '42',
   *   action: 'invoice.paid',
   *   actorId: 'user-7',
   *   details: { amount: 199.95, currency: 'EUR' },
   * });
   * ```
   */
  async write(entry: AuditEntry): Promise<WrittenRecord> {
    const { id, hash, document } = buildEntry(entry, undefined, this.#members);
    await this.#insert([document]);
    return { id: id.toHexString(), hash };
  }

  /**
   * Stores a record with top-level members of your own, in their order. It needs a date under the name that sealing reads,
   * by default `timestamp`; `_id` is created if there is none, and comes first. PAYLOAD_INVALID, DATABASE_*.
   *
   * @example
   * ```ts
   * await log.writeRecord({ timestamp: new Date(), event: 'login', user: { name: 'ada' } });
   * ```
   */
  async writeRecord(members: Readonly<Record<string, unknown>>): Promise<WrittenRecord> {
    const { id, hash, document } = buildRecord(Object.entries(members), this.#members);
    await this.#insert([document]);
    return { id, hash };
  }

  /**
   * Stores many entries, in order and in batches, and returns how many. The first failure ends it; earlier batches stay
   * stored. PAYLOAD_INVALID, DATABASE_*.
   *
   * @example
   * ```ts
   * const count = await log.writeAll(importedEntries);
   * ```
   */
  async writeAll(entries: Iterable<AuditEntry> | AsyncIterable<AuditEntry>): Promise<number> {
    let count = 0;
    let [batch, batchBytes]: [mongo.Document[], number] = [[], 0];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await this.#insert(batch);
      count += batch.length;
      [batch, batchBytes] = [[], 0];
    };
    for await (const entry of entries) {
      const { document, sizeBytes } = buildEntry(entry, undefined, this.#members);
      if (batch.length === RECORDS_PER_INSERT || batchBytes + sizeBytes > BYTES_PER_INSERT) await flush();
      batch.push(document);
      batchBytes += sizeBytes;
    }
    await flush();
    return count;
  }

  /**
   * Closes the connection that `connect` opened, and no other.
   *
   * @example
   * ```ts
   * await log.close();
   * ```
   */
  async close(): Promise<void> {
    await this.#connection?.close();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The driver's collection: the model would cast values, and so change bytes that are hashed already. */
  async #insert(documents: mongo.Document[]): Promise<void> {
    await onDatabase('audit records', () => this.model.collection.insertMany(documents));
  }
}

function sourceOf({ collection = AUDIT_LOG.collection, members }: AuditLogOptions): RecordSourceNames {
  return { collection, members: { ...AUDIT_LOG.members, ...members } };
}
