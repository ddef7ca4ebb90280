import { mongo, type Connection, type Model } from 'mongoose';
import { SnapshotError } from '../errors';
import { AUDIT_LOG, type RecordSourceNames } from '../evidence/recordMembers';
import { assetModel } from '../models/asset.model';
import { auditLogModel } from '../models/auditLog.model';
import { ledgerHeadModel, ledgerLeafModel } from '../models/ledger.model';
import { chunkModel } from '../models/snapshot.model';
import { requireOrdinaryCollections } from '../mongo/collectionKinds';
import { onDatabase } from '../mongo/errors';
import { unsealedMarks } from '../mongo/logPages';
import { decodeRecordId } from '../mongo/recordId';
import { tryInTransaction, type Trial } from '../mongo/trialTransaction';
import type { FinishingWrites, WriteCheck } from '../ports/writeCheck';
import { buildEntry, SNAPSHOT_CREATED, SYSTEM_ACTOR_ID } from './auditEntry';

/** The largest document of a server, without room for what the server adds. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024 - 16 * 1024;
const NOWHERE = { _id: 'audit-snapshot/preflight' } as unknown as mongo.Filter<mongo.BSON.Document>;

/** Tries the writes of finishing in transactions that are aborted, so that rights and validators are those of real writes. */
export class WriteCheckService implements WriteCheck {
  readonly #connection: Connection;
  readonly #source: RecordSourceNames;

  /** Works on a connection of `connectDatabase`, which its owner closes, and on the collection with these names. */
  constructor(connection: Connection, source: RecordSourceNames = AUDIT_LOG) {
    this.#connection = connection;
    this.#source = source;
  }

  /**
   * Tries all writes of finishing a snapshot and leaves nothing. Without transactions, which only a single server without a
   * replica set lacks, the rights to update are tried alone. DATABASE_*, SNAPSHOT_TOO_LARGE.
   */
  async tryWrites(writes: FinishingWrites): Promise<void> {
    await requireOrdinaryCollections(this.#connection, this.#source);
    const transactional = await tryInTransaction(this.#connection, this.#rows(writes));
    if (transactional) await this.#tryMarks(writes);
    else await this.#tryUpdates();
  }

  /** What is written to the collections of this product, and the audit entry. */
  #rows({ snapshotId, asset }: FinishingWrites): readonly Trial[] {
    const id = `${NOWHERE['_id'] as unknown as string}/${snapshotId}`;
    const leaf = { _id: id, index: 0, snapshotId: id, entry: '{}' };
    const head = { _id: id, size: 0, nodes: [] };
    return [
      ...this.#insertion(ledgerLeafModel, leaf),
      ...this.#insertion(ledgerHeadModel, head),
      this.#trial(ledgerHeadModel, 'update', (documents, options) =>
        documents.updateOne({ _id: id } as never, { $set: { size: 1 } }, options),
      ),
      this.#trial(chunkModel, 'update', (documents, options) =>
        documents.updateOne(NOWHERE, { $set: { marked: null } }, options),
      ),
      ...(asset === null ? [] : this.#assetRows(id, asset)),
    ];
  }

  #assetRows(id: string, registration: NonNullable<FinishingWrites['asset']>): readonly Trial[] {
    const asset = { ...registration, snapshotId: id, kind: 'audit_snapshot', createdAt: new Date() };
    const sizeBytes = mongo.BSON.calculateObjectSize(asset);
    if (sizeBytes > MAX_DOCUMENT_BYTES) {
      const message = `the asset of ${registration.snapshotId} would list ${registration.objects.length} objects in ${sizeBytes} bytes, and a document has at most ${MAX_DOCUMENT_BYTES}; nothing was signed, seal a shorter window or raise AUDIT_CHUNK_RECORDS`;
      throw new SnapshotError('SNAPSHOT_TOO_LARGE', message);
    }
    const details = { snapshotAssetId: '0'.repeat(24), recordCount: 1, signedHash: registration.signedHash };
    const resource = { resourceType: 'audit_snapshot', resourceId: details.snapshotAssetId };
    const entry = { ...resource, action: SNAPSHOT_CREATED, actorId: SYSTEM_ACTOR_ID, details };
    return [
      ...this.#insertion(assetModel, asset),
      ...this.#insertion(auditLogModel, buildEntry(entry, undefined, this.#source.members).document),
    ];
  }

  /** An insertion, and the read by which a repeated insertion finds what is there. */
  #insertion<D>(model: ModelOf<D>, document: object): readonly Trial[] {
    return [
      this.#trial(model, 'find', (documents, options) => documents.findOne(NOWHERE, options)),
      // A copy: the driver adds an id to what it inserts.
      this.#trial(model, 'insert', (documents, options) => documents.insertOne({ ...document }, options)),
    ];
  }

  #trial<D>(
    model: ModelOf<D>,
    right: 'find' | 'insert' | 'update',
    call: (documents: Documents, options: { readonly session: mongo.ClientSession }) => Promise<unknown>,
  ): Trial {
    const { collection } = model(this.#connection, this.#source);
    const what = `before signing, tried to ${right} in ${collection.name}; nothing was signed`;
    return { what, run: (session) => call(collection, { session }) };
  }

  /** Marks real records, one after the other, until the server accepts one: an odd record says nothing about the others. */
  async #tryMarks({ snapshotId, recordIds }: FinishingWrites): Promise<void> {
    const { members } = this.#source;
    const marks = [...unsealedMarks(this.#source)];
    const known = recordIds.map(decodeRecordId).filter((value) => value !== undefined);
    // An id that no record has: it tries the right alone.
    const values = known.length > 0 ? known : [NOWHERE['_id'] as unknown];
    let rejection: unknown;
    for (const value of values) {
      const mark = this.#trial(auditLogModel, 'update', (documents, options) =>
        documents.updateMany(
          { _id: { $in: [value] }, [members.immutable]: { $in: marks } } as never,
          { $set: { [members.immutable]: true, [members.snapshotId]: snapshotId } },
          options,
        ),
      );
      try {
        await tryInTransaction(this.#connection, [mark]);
        return;
      } catch (error) {
        if (!isRejection(error)) throw error;
        rejection = error;
      }
    }
    if (rejection !== undefined) throw rejection;
  }

  async #tryUpdates(): Promise<void> {
    for (const model of [auditLogModel, chunkModel, ledgerHeadModel] as const) {
      const { collection } = model(this.#connection, this.#source);
      const what = `before signing, tried to update ${collection.name}; nothing was signed`;
      await onDatabase(what, () =>
        (collection as unknown as Documents).updateMany(NOWHERE, { $set: { probe: true } }),
      );
    }
  }
}

type Documents = mongo.Collection;
type ModelOf<D> = (connection: Connection, source: RecordSourceNames) => Model<D>;

/** The server rejects the document, and neither the call nor the caller. */
function isRejection(error: unknown): boolean {
  return error instanceof SnapshotError && error.code === 'DATABASE_FAILED' && !error.retryable;
}
