import type { Connection, Model } from 'mongoose';
import {
  chunkModel,
  snapshotModel,
  type ChunkDocument,
  type SnapshotDocument,
} from '../models/snapshot.model';
import type { ChunkRow, SnapshotRow } from '../ports/snapshotRepository';
import type { SnapshotRestorer } from '../ports/snapshotRestorer';
import { onDatabase } from './errors';
import { chunkId, markedOf } from './snapshotRepository';

/** Replaces rows of snapshots and chunks in MongoDB: here the evidence wins, and not the first write. */
export class MongoSnapshotRestorer implements SnapshotRestorer {
  readonly #snapshots: Model<SnapshotDocument>;
  readonly #chunks: Model<ChunkDocument>;

  constructor(connection: Connection) {
    this.#snapshots = snapshotModel(connection);
    this.#chunks = chunkModel(connection);
  }

  async putChunk(row: ChunkRow, conflicts: readonly string[] | null): Promise<void> {
    const _id = chunkId(row.snapshotId, row.chunk.index);
    const marked = conflicts && markedOf(conflicts);
    await onDatabase(`chunk ${_id}`, () =>
      this.#chunks.replaceOne({ _id }, { ...row, marked }, { upsert: true }),
    );
  }

  async putSnapshot({ snapshotId, ...row }: SnapshotRow): Promise<void> {
    await onDatabase(`snapshot ${snapshotId}`, () =>
      this.#snapshots.replaceOne({ _id: snapshotId }, row, { upsert: true }),
    );
    const beyond = { $gte: chunkId(snapshotId, row.chunkCount ?? 0), $lte: chunkId(snapshotId, 999_999) };
    await onDatabase(`chunks of ${snapshotId}`, () => this.#chunks.deleteMany({ _id: beyond }));
  }
}
