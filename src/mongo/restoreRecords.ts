import { mongo, type Connection } from 'mongoose';
import { readRecord } from '../evidence/recordBytes';
import type { RecordMembers, RecordSourceNames } from '../evidence/recordMembers';
import { auditLogModel } from '../models/auditLog.model';
import type { SealedRecordInserter } from '../ports/snapshotRestorer';
import { isDuplicateKey, onDatabase } from './errors';
import { isMarkable } from './oddRecords';

const { BSON } = mongo;

/** Without promotion every value keeps its BSON type. */
const EXACT = { promoteValues: false, promoteBuffers: false, promoteLongs: false, bsonRegExp: true } as const;

/** Inserts sealed records into the collection that is sealed; a record whose id exists stays as it is. */
export class MongoSealedRecordInserter implements SealedRecordInserter {
  readonly #logs: mongo.Collection;
  readonly #members: RecordMembers;

  constructor(connection: Connection, source: RecordSourceNames) {
    this.#logs = auditLogModel(connection, source).collection;
    this.#members = source.members;
  }

  async insertSealed(records: readonly Uint8Array[], snapshotId: string): Promise<readonly string[]> {
    const { immutable, snapshotId: owner } = this.#members;
    const refused: string[] = [];
    for (const bytes of records) {
      const document = isMarkable(bytes, snapshotId, this.#members) ? exactDocument(bytes) : undefined;
      const marked = document && { ...document, [immutable]: true, [owner]: snapshotId };
      if (marked === undefined || !(await insert(this.#logs, marked)))
        refused.push(readRecord(bytes, this.#members).id);
    }
    return refused;
  }
}

/** The driver's document of record bytes; undefined when it would store others, as for a member that is there twice. */
export function exactDocument(bytes: Uint8Array): mongo.Document | undefined {
  try {
    const document = BSON.deserialize(bytes, EXACT);
    return Buffer.from(bytes).equals(BSON.serialize(document)) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** False when the server rejects this document. */
async function insert(logs: mongo.Collection, document: mongo.Document): Promise<boolean> {
  try {
    await logs.insertOne(document);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return true;
    return onDatabase('restoring a sealed record', () => Promise.reject(error as Error)).catch(
      (translated: unknown) => {
        if (isRejection(translated)) return false;
        throw translated;
      },
    );
  }
}

function isRejection(error: unknown): boolean {
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: unknown };
  return code === 'DATABASE_FAILED' && retryable === false;
}
