import { Schema, type Connection, type Model } from 'mongoose';
import { AUDIT_LOG } from '../evidence/recordMembers';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';

/** Row of a snapshot; `_id` is the snapshot id. It has the shape of the port: rows are written and compared whole. */
export type SnapshotDocument = Omit<SnapshotRow, 'snapshotId'> & { _id: string };

/** Row of a chunk; `_id` is `<snapshotId>/<index, six digits>`, so an index has one row. */
export type ChunkDocument = ChunkRow & {
  _id: string;
  marked: { readonly conflicts: readonly string[]; readonly conflictCount: number } | null;
};

const plain = { versionKey: false, minimize: false, strict: 'throw' } as const;
const mixed = Schema.Types.Mixed;
const text = { type: String, required: true } as const;

const snapshotSchema = new Schema<SnapshotDocument>(
  {
    _id: text,
    jobId: text,
    origin: text,
    // Rows that were written before the names could be set have none.
    source: { type: mixed, default: AUDIT_LOG },
    window: { type: mixed, required: true },
    onTamper: text,
    openedAt: text,
    retainUntil: text,
    hashScheme: text,
    timestamp: text,
    keyVersion: { type: Number, required: true },
    publicKey: text,
    software: text,
    chunkLimits: { type: mixed, required: true },
    overlaps: { type: mixed, required: true },
    leaseSequence: { type: Number, default: null },
    chunkCount: { type: Number, default: null },
    leftOut: { type: mixed, default: null },
    manifest: { type: mixed, default: null },
    signature: { type: mixed, default: null },
    snapshotAssetId: { type: String, default: null },
    ledgerIndex: { type: Number, default: null },
    result: { type: mixed, default: null },
  },
  { ...plain, collection: 'snapshots' },
);
// For the search of overlapping windows of one origin.
snapshotSchema.index({ origin: 1, 'window.to': 1, 'window.from': 1 });

const chunkSchema = new Schema<ChunkDocument>(
  {
    _id: text,
    snapshotId: text,
    chunk: { type: mixed, required: true },
    begin: { type: Number, required: true },
    first: { type: mixed, required: true },
    last: { type: mixed, required: true },
    nodes: { type: mixed, required: true },
    findingCounts: { type: mixed, required: true },
    findings: { type: mixed, required: true },
    lateCount: { type: Number, required: true },
    checkpoint: { type: mixed, required: true },
    marked: { type: mixed, default: null },
  },
  { ...plain, collection: 'snapshotchunks' },
);

/** The model on a connection; the same one at every call. */
export function snapshotModel(connection: Connection): Model<SnapshotDocument> {
  return connection.models['Snapshot'] ?? connection.model<SnapshotDocument>('Snapshot', snapshotSchema);
}

/** The model on a connection; the same one at every call. */
export function chunkModel(connection: Connection): Model<ChunkDocument> {
  return connection.models['SnapshotChunk'] ?? connection.model<ChunkDocument>('SnapshotChunk', chunkSchema);
}
