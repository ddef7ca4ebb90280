import { Schema, type Connection, type Model } from 'mongoose';

/** One committed entry. `_id` is `<origin>/<index, twelve digits>`, so an index is taken once. */
export interface LedgerLeafDocument {
  _id: string;
  index: number;
  snapshotId: string;
  /** The entry's canonical JSON. */
  entry: string;
}

/** How far the leaves of one origin are committed; `_id` is the origin. Every change is a compare-and-set on `size`. */
export interface LedgerHeadDocument {
  _id: string;
  size: number;
  /** Base64 roots of the maximal aligned subtrees over `[0, size)`. */
  nodes: readonly string[];
}

const plain = { versionKey: false, minimize: false, strict: 'throw' } as const;
const text = { type: String, required: true } as const;

const leafSchema = new Schema<LedgerLeafDocument>(
  { _id: text, index: { type: Number, required: true }, snapshotId: text, entry: text },
  { ...plain, collection: 'ledgerleaves' },
);
leafSchema.index({ snapshotId: 1 }, { unique: true });

const headSchema = new Schema<LedgerHeadDocument>(
  {
    _id: text,
    size: { type: Number, required: true },
    nodes: { type: Schema.Types.Mixed, required: true },
  },
  { ...plain, collection: 'ledgerheads' },
);

/** The model on a connection; the same one at every call. */
export function ledgerLeafModel(connection: Connection): Model<LedgerLeafDocument> {
  return connection.models['LedgerLeaf'] ?? connection.model<LedgerLeafDocument>('LedgerLeaf', leafSchema);
}

/** The model on a connection; the same one at every call. */
export function ledgerHeadModel(connection: Connection): Model<LedgerHeadDocument> {
  return connection.models['LedgerHead'] ?? connection.model<LedgerHeadDocument>('LedgerHead', headSchema);
}
