import type { Document, Model, Query, Schema } from 'mongoose';
import { SnapshotError } from '../errors';

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

/** Members that only sealing may write; whoever could set them could pass a record off as sealed. */
const SEALING_MEMBERS = ['immutable', 'snapshotId'];

type Filter = Record<string, unknown>;

/**
 * Makes a schema refuse updates and deletes of records with `immutable: true`, on every path of mongoose: documents,
 * queries, bulk writes. RECORD_IMMUTABLE names a record. The condition stands in the write itself as well, so a record
 * that is sealed between look and write stays as it is. Sealing marks through the driver, not through the model.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a plugin serves a schema of any document type
export function guardImmutability(schema: Schema<any>): void {
  schema.pre([...QUERY_WRITES], { document: false, query: true }, async function guardQuery() {
    const query = this as Query<unknown, unknown>;
    refuseSealingMembers(query.getUpdate?.());
    await refuse(query.model as Model<unknown>, query.getFilter());
    query.and([{ immutable: { $ne: true } }]);
  });

  schema.pre(['updateOne', 'deleteOne'], { document: true, query: false }, async function guardDocument() {
    const document = this as unknown as Document;
    await refuse(document.constructor as Model<unknown>, { _id: document._id });
  });

  schema.pre('save', async function guardSave() {
    const document = this as unknown as Document;
    if (document.isNew) return;
    if (SEALING_MEMBERS.some((member) => document.isModified(member))) throw sealingMember();
    await refuse(document.constructor as Model<unknown>, { _id: document._id });
    // Guards the write itself: a save whose condition no longer matches fails instead of changing a sealed record.
    document.$where = { ...document.$where, immutable: { $ne: true } };
  });

  schema.pre('bulkWrite', async function guardBulk(operations) {
    const model = this as unknown as Model<unknown>;
    for (const operation of operations as readonly Record<
      string,
      { filter?: Filter; update?: unknown; replacement?: unknown }
    >[]) {
      for (const [name, write] of Object.entries(operation)) {
        if (name === 'insertOne') continue;
        refuseSealingMembers(write.update ?? write.replacement);
        await refuse(model, write.filter ?? {});
        write.filter = { $and: [write.filter ?? {}, { immutable: { $ne: true } }] };
      }
    }
  });
}

async function refuse(model: Model<unknown>, filter: Filter): Promise<void> {
  const sealed = await model.collection.findOne({ $and: [filter, { immutable: true }] } as never, {
    projection: { snapshotId: 1 },
  });
  if (!sealed) return;
  const message = `record ${String(sealed['_id'])} is sealed in snapshot ${String(sealed['snapshotId'])} and cannot be changed or deleted`;
  throw new SnapshotError('RECORD_IMMUTABLE', message);
}

function refuseSealingMembers(update: unknown): void {
  if (typeof update !== 'object' || update === null) return;
  const stages = Array.isArray(update) ? (update as unknown[]) : [update];
  for (const stage of stages) {
    if (typeof stage !== 'object' || stage === null) continue;
    for (const [name, value] of Object.entries(stage)) {
      if (name.startsWith('$')) refuseSealingMembers(value);
      else if (SEALING_MEMBERS.includes(name) && value !== false) throw sealingMember();
    }
  }
}

function sealingMember(): SnapshotError {
  return new SnapshotError(
    'RECORD_IMMUTABLE',
    `${SEALING_MEMBERS.join(' and ')} are written by sealing alone`,
  );
}
