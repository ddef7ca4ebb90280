import type { Aggregate, Connection, Document, Model, Query, Schema } from 'mongoose';
import { SnapshotError } from '../errors';
import { AUDIT_LOG } from '../evidence/recordMembers';
import {
  rejectSealedFilter,
  rejectSealedRecord,
  rejectSealingUpdate,
  type SealingMembers,
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
 * Makes a schema reject updates and deletes of records that are marked as sealed, by document, query, bulk write or aggregation:
 * RECORD_IMMUTABLE names a record. The condition is also part of the write itself, so a record that is sealed between check
 * and write stays unchanged. Sealing marks records through the driver, not through the model.
 */
export function guardImmutability(schema: Schema, members: SealingMembers = AUDIT_LOG.members): void {
  const guards = {
    query: guardQuery(members),
    save: guardSave(members),
    document: guardDocument(members),
    bulk: guardBulk(members),
    inserts: guardInserts(members),
    aggregate: guardAggregate,
  };
  for (const guard of Object.values(guards)) {
    // Mongoose's own marker for hooks that the option `middleware: false` does not turn off.
    Object.assign(guard, { [Symbol.for('mongoose:built-in-middleware')]: true });
  }
  schema.pre([...QUERY_WRITES], { document: false, query: true }, guards.query);
  schema.pre(['updateOne', 'deleteOne'], { document: true, query: false }, guards.document);
  schema.pre('save', guards.save);
  schema.pre('bulkWrite', guards.bulk as never);
  schema.pre('insertMany', guards.inserts as never);
  schema.pre('aggregate', guards.aggregate);
}

/** Guards `connection.bulkWrite`, which runs no hooks, for the writes to `model`. */
export function guardConnection(connection: Connection, model: AnyModel, members: SealingMembers): void {
  const bulkWrite = connection.bulkWrite.bind(connection) as (
    writes: readonly ConnectionWrite[],
    options?: object,
  ) => Promise<unknown>;
  const guarded: typeof bulkWrite = async (writes, options) => {
    for (const write of writes) {
      if (write.model === model || write.model === model.modelName)
        await guardBulkWrite(members, model, write);
    }
    return bulkWrite(writes, options);
  };
  Object.assign(connection, { bulkWrite: guarded });
}

/** The condition of a write: the record is not sealed. */
function notSealed({ immutable }: SealingMembers): Filter {
  return { [immutable]: { $ne: true } };
}

function guardQuery(members: SealingMembers) {
  return async function (this: Query<unknown, unknown>): Promise<void> {
    rejectSealingUpdate(members, this.getUpdate());
    if (this.getOptions().upsert === true) rejectSealedFilter(members, this.getFilter());
    await rejectSealed(members, this.model as AnyModel, this.getFilter());
    this.and([notSealed(members)]);
  };
}

function guardSave(members: SealingMembers) {
  return async function (this: Document): Promise<void> {
    if (this.isNew) return rejectSealedRecord(members, this);
    const member = [members.immutable, members.snapshotId].find((name) => this.isModified(name));
    if (member !== undefined) rejectSealingUpdate(members, { [member]: this.get(member) as unknown });
    await rejectSealed(members, this.constructor as AnyModel, { _id: this._id });
    // Guards the write itself: a save whose condition no longer matches fails instead of changing a sealed record.
    this.$where = { ...this.$where, ...notSealed(members) };
  };
}

function guardDocument(members: SealingMembers) {
  return async function (this: Document): Promise<void> {
    await rejectSealed(members, this.constructor as AnyModel, { _id: this._id });
  };
}

function guardBulk(members: SealingMembers) {
  return async function (this: AnyModel, writes: readonly Record<string, BulkWrite>[]): Promise<void> {
    for (const write of writes.flatMap((each) => Object.values(each)))
      await guardBulkWrite(members, this, write);
  };
}

function guardInserts(members: SealingMembers) {
  return async function (this: AnyModel, records: unknown): Promise<void> {
    for (const record of [records].flat()) rejectSealedRecord(members, record);
    return Promise.resolve();
  };
}

async function guardAggregate(this: Aggregate<unknown>): Promise<void> {
  const writes = this.pipeline().some((stage) => '$out' in stage || '$merge' in stage);
  if (!writes) return Promise.resolve();
  const message =
    'an aggregation must not write to the audit log: $out and $merge could replace sealed records';
  throw new SnapshotError('RECORD_IMMUTABLE', message);
}

/** Guards one write of a bulk and adds the condition to its filter. */
async function guardBulkWrite(members: SealingMembers, model: AnyModel, write: BulkWrite): Promise<void> {
  if (write.document !== undefined) return rejectSealedRecord(members, write.document);
  const { filter = {} } = write;
  rejectSealingUpdate(members, write.update ?? write.replacement);
  if (write.upsert === true) rejectSealedFilter(members, filter);
  await rejectSealed(members, model, filter);
  write.filter = { $and: [filter, notSealed(members)] };
}

/** Queries through the model, so that the filter is cast like that of the write. */
async function rejectSealed(
  { immutable, snapshotId }: SealingMembers,
  model: AnyModel,
  filter: Filter,
): Promise<void> {
  const sealed = await model
    .findOne({ $and: [filter, { [immutable]: true }] })
    .select(snapshotId)
    .lean<{ _id: unknown } & Record<string, unknown>>();
  if (!sealed) return;
  const message = `record ${String(sealed._id)} is sealed in snapshot ${String(sealed[snapshotId])} and cannot be changed or deleted`;
  throw new SnapshotError('RECORD_IMMUTABLE', message);
}
