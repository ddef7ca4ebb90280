import type { Aggregate, Connection, Document, Model, Query, Schema } from 'mongoose';
import { SnapshotError } from '../errors';
import {
  rejectSealedFilter,
  rejectSealedRecord,
  rejectSealingUpdate,
  SEALING_MEMBERS,
} from './sealingMembers';

const QUERY_WRITES = [
  'updateOne',
  'updateMany',
  'replaceOne',
  'findOneAndUpdate',
  'findOneAndReplace',
  'findOneAndDelete',
  'deleteOne',
  'deleteMany',
] as const;

const UNSEALED = { immutable: { $ne: true } };

type AnyModel = Model<unknown>;
type Filter = Record<string, unknown>;

/** A write of `bulkWrite`; which kind shows in the members that are present. */
interface BulkWrite {
  filter?: Filter;
  document?: unknown;
  update?: unknown;
  replacement?: unknown;
  upsert?: boolean;
}

type ConnectionWrite = BulkWrite & { readonly model: unknown };

/**
 * Makes a schema reject updates and deletes of records with `immutable: true`, by document, query, bulk write or aggregation:
 * RECORD_IMMUTABLE names a record. The condition is also part of the write itself, so a record that is sealed between check
 * and write stays unchanged. Sealing marks records through the driver, not through the model.
 */
export function guardImmutability(schema: Schema): void {
  for (const guard of [guardQuery, guardSave, guardDocument, guardBulk, guardInserts, guardAggregate]) {
    // Mongoose's own marker for hooks that the option `middleware: false` does not turn off.
    Object.assign(guard, { [Symbol.for('mongoose:built-in-middleware')]: true });
  }
  schema.pre([...QUERY_WRITES], { document: false, query: true }, guardQuery);
  schema.pre(['updateOne', 'deleteOne'], { document: true, query: false }, guardDocument);
  schema.pre('save', guardSave);
  schema.pre('bulkWrite', guardBulk as never);
  schema.pre('insertMany', guardInserts as never);
  schema.pre('aggregate', guardAggregate);
}

/** Guards `connection.bulkWrite`, which runs no hooks, for the writes to `model`. */
export function guardConnection(connection: Connection, model: AnyModel): void {
  const bulkWrite = connection.bulkWrite.bind(connection) as (
    writes: readonly ConnectionWrite[],
    options?: object,
  ) => Promise<unknown>;
  const guarded: typeof bulkWrite = async (writes, options) => {
    for (const write of writes) {
      if (write.model === model || write.model === model.modelName) await guardBulkWrite(model, write);
    }
    return bulkWrite(writes, options);
  };
  Object.assign(connection, { bulkWrite: guarded });
}

async function guardQuery(this: Query<unknown, unknown>): Promise<void> {
  rejectSealingUpdate(this.getUpdate());
  if (this.getOptions().upsert === true) rejectSealedFilter(this.getFilter());
  await rejectSealed(this.model as AnyModel, this.getFilter());
  this.and([UNSEALED]);
}

async function guardSave(this: Document): Promise<void> {
  if (this.isNew) return rejectSealedRecord(this);
  const member = SEALING_MEMBERS.find((name) => this.isModified(name));
  if (member !== undefined) rejectSealingUpdate({ [member]: this.get(member) as unknown });
  await rejectSealed(this.constructor as AnyModel, { _id: this._id });
  // Guards the write itself: a save whose condition no longer matches fails instead of changing a sealed record.
  this.$where = { ...this.$where, ...UNSEALED };
}

async function guardDocument(this: Document): Promise<void> {
  await rejectSealed(this.constructor as AnyModel, { _id: this._id });
}

async function guardBulk(this: AnyModel, writes: readonly Record<string, BulkWrite>[]): Promise<void> {
  for (const write of writes.flatMap((each) => Object.values(each))) await guardBulkWrite(this, write);
}

async function guardInserts(this: AnyModel, records: unknown): Promise<void> {
  for (const record of [records].flat()) rejectSealedRecord(record);
  return Promise.resolve();
}

async function guardAggregate(this: Aggregate<unknown>): Promise<void> {
  const writes = this.pipeline().some((stage) => '$out' in stage || '$merge' in stage);
  if (!writes) return Promise.resolve();
  const message =
    'an aggregation must not write to the audit log: $out and $merge could replace sealed records';
  throw new SnapshotError('RECORD_IMMUTABLE', message);
}

/** Guards one write of a bulk and adds the condition to its filter. */
async function guardBulkWrite(model: AnyModel, write: BulkWrite): Promise<void> {
  if (write.document !== undefined) return rejectSealedRecord(write.document);
  const { filter = {} } = write;
  rejectSealingUpdate(write.update ?? write.replacement);
  if (write.upsert === true) rejectSealedFilter(filter);
  await rejectSealed(model, filter);
  write.filter = { $and: [filter, UNSEALED] };
}

/** Queries through the model, so that the filter is cast like that of the write. */
async function rejectSealed(model: AnyModel, filter: Filter): Promise<void> {
  const sealed = await model
    .findOne({ $and: [filter, { immutable: true }] })
    .select('snapshotId')
    .lean<{ _id: unknown; snapshotId?: string }>();
  if (!sealed) return;
  const message = `record ${String(sealed._id)} is sealed in snapshot ${String(sealed.snapshotId)} and cannot be changed or deleted`;
  throw new SnapshotError('RECORD_IMMUTABLE', message);
}
