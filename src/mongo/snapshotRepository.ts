import type { Connection, Model, UpdateQuery } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from './errors';
import type { AuditSnapshotResult } from '../contract/snapshot';
import type { Window } from '../contract/window';
import { SnapshotError } from '../errors';
import type { LeftOutCounts } from '../evidence/leftOut';
import { AUDIT_LOG } from '../evidence/recordMembers';
import {
  chunkModel,
  snapshotModel,
  type ChunkDocument,
  type SnapshotDocument,
} from '../models/snapshot.model';
import type {
  ChunkMark,
  ChunkRow,
  ManifestRef,
  SignatureRef,
  SnapshotRepository,
  SnapshotRow,
  SnapshotSeed,
  SnapshotSummary,
} from '../ports/snapshotRepository';
import { deepEqualJson } from '../sealing/deepEqualJson';
import { refuseOtherPlan, sameChunk } from '../sealing/snapshotRules';

/** A chunk row lists at most so many conflicting ids; its count of them is exact. */
const MAX_LISTED_CONFLICTS = 10_000;

/** Rows of snapshots and chunks in MongoDB; every write is conditional, and the first one wins. */
export class MongoSnapshotRepository implements SnapshotRepository {
  readonly #snapshots: Model<SnapshotDocument>;
  readonly #chunks: Model<ChunkDocument>;

  constructor(connection: Connection) {
    this.#snapshots = snapshotModel(connection);
    this.#chunks = chunkModel(connection);
  }

  async open(seed: SnapshotSeed): Promise<SnapshotRow> {
    const { snapshotId, ...members } = seed;
    const known = await this.find(snapshotId);
    if (known) return refuseOtherPlan(known, seed);
    try {
      await this.#snapshots.create({ _id: snapshotId, ...members, overlaps: [] });
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(`snapshot ${snapshotId}`, error);
    }
    return refuseOtherPlan(await this.#get(snapshotId), seed);
  }

  async find(snapshotId: string): Promise<SnapshotRow | undefined> {
    const found = await onDatabase(`snapshot ${snapshotId}`, () =>
      this.#snapshots.findById(snapshotId).lean(),
    );
    return found ? rowOf(found) : undefined;
  }

  async listSummaries(fromId: string, untilId: string): Promise<readonly SnapshotSummary[]> {
    const found = await onDatabase(`snapshots from ${fromId}`, () =>
      this.#snapshots
        .find({ _id: { $gte: fromId, $lt: untilId } })
        .select('jobId origin window result.snapshotId')
        .sort({ _id: 1 })
        .lean(),
    );
    return found.map(({ _id, jobId, origin, window, result }) => ({
      snapshotId: _id,
      jobId,
      origin,
      window,
      closed: (result ?? null) !== null,
    }));
  }

  async listClosed(origin: string): Promise<readonly string[]> {
    const found = await onDatabase(`closed snapshots of ${origin}`, () =>
      this.#snapshots
        .find({ origin, result: { $ne: null } })
        .select('_id')
        .sort({ _id: 1 })
        .lean(),
    );
    return found.map(({ _id }) => _id);
  }

  async grant(
    snapshotId: string,
    leaseSequence: number,
    overlaps: SnapshotRow['overlaps'],
  ): Promise<SnapshotRow> {
    const row = await this.#setOnce(snapshotId, 'leaseSequence', { leaseSequence, overlaps });
    if ((row.leaseSequence ?? 0) >= leaseSequence) return row;
    const earlier = { _id: snapshotId, leaseSequence: { $lt: leaseSequence } };
    await onDatabase(`snapshot ${snapshotId}`, () =>
      this.#snapshots.updateOne(earlier, { $set: { leaseSequence } }),
    );
    return { ...row, leaseSequence };
  }

  async addChunk(row: ChunkRow): Promise<void> {
    const { snapshotId, chunk } = row;
    const _id = chunkId(snapshotId, chunk.index);
    try {
      await this.#chunks.create({ _id, ...row });
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(`chunk ${_id}`, error);
      const known = await this.findChunk(snapshotId, chunk.index);
      if (!known || !sameChunk(known, row)) throw conflict(`chunk ${_id} already exists with other values`);
    }
  }

  async listChunks(snapshotId: string, until: number): Promise<readonly ChunkRow[]> {
    const range = { $gte: chunkId(snapshotId, 0), $lt: chunkId(snapshotId, until) };
    const found = await onDatabase(`chunks of ${snapshotId}`, () =>
      this.#chunks.find({ _id: range }).sort({ _id: 1 }).lean(),
    );
    if (found.length !== until)
      throw conflict(`snapshot ${snapshotId} has ${found.length} of ${until} chunk rows`);
    return found.map(chunkOf);
  }

  async findChunk(snapshotId: string, index: number): Promise<ChunkRow | undefined> {
    const _id = chunkId(snapshotId, index);
    const found = await onDatabase(`chunk ${_id}`, () => this.#chunks.findById(_id).lean());
    return found ? chunkOf(found) : undefined;
  }

  async lastChunk(snapshotId: string): Promise<ChunkRow | undefined> {
    const range = { $gte: chunkId(snapshotId, 0), $lte: chunkId(snapshotId, 999_999) };
    const keys = await onDatabase(`chunks of ${snapshotId}`, () =>
      this.#chunks.find({ _id: range }).select('chunk').sort({ _id: 1 }).lean(),
    );
    const broken = keys.findIndex(({ chunk }, index) => chunk.index !== index);
    const count = broken < 0 ? keys.length : broken;
    return count === 0 ? undefined : this.findChunk(snapshotId, count - 1);
  }

  async setMarked(snapshotId: string, index: number, conflicts: readonly string[]): Promise<void> {
    const _id = chunkId(snapshotId, index);
    const marked = markedOf(conflicts);
    await onDatabase(`chunk ${_id}`, () =>
      this.#chunks.updateOne({ _id, marked: null }, { $set: { marked } }),
    );
  }

  async listMarks(snapshotId: string): Promise<readonly ChunkMark[]> {
    const range = { $gte: chunkId(snapshotId, 0), $lte: chunkId(snapshotId, 999_999) };
    const found = await onDatabase(`marks of ${snapshotId}`, () =>
      this.#chunks
        .find({ _id: range, marked: { $ne: null } })
        .select('chunk marked.conflictCount')
        .sort({ _id: 1 })
        .lean(),
    );
    return found.map(({ chunk: { index, count }, marked }) => ({
      index,
      count,
      conflictCount: marked?.conflictCount ?? 0,
    }));
  }

  async fixChunkCount(snapshotId: string, chunkCount: number): Promise<number> {
    const row = await this.#setOnce(snapshotId, 'chunkCount', { chunkCount });
    return row.chunkCount ?? chunkCount;
  }

  async fixLeftOut(snapshotId: string, leftOut: LeftOutCounts): Promise<LeftOutCounts> {
    const row = await this.#setOnce(snapshotId, 'leftOut', { leftOut });
    return row.leftOut ?? leftOut;
  }

  setManifest(snapshotId: string, manifest: ManifestRef): Promise<void> {
    return this.#setIdempotent(snapshotId, 'manifest', manifest);
  }

  setSignature(snapshotId: string, signature: SignatureRef): Promise<void> {
    return this.#setIdempotent(snapshotId, 'signature', signature);
  }

  setAsset(snapshotId: string, snapshotAssetId: string): Promise<void> {
    return this.#setIdempotent(snapshotId, 'snapshotAssetId', snapshotAssetId);
  }

  setLedgerIndex(snapshotId: string, ledgerIndex: number): Promise<void> {
    return this.#setIdempotent(snapshotId, 'ledgerIndex', ledgerIndex);
  }

  async close(snapshotId: string, result: AuditSnapshotResult): Promise<AuditSnapshotResult> {
    const row = await this.#setOnce(snapshotId, 'result', { result });
    return row.result ?? result;
  }

  async listSignedOverlaps(
    origin: string,
    { from, to }: Window,
    except: string,
  ): Promise<readonly SnapshotRow[]> {
    const filter = {
      origin,
      'window.to': { $gte: from },
      'window.from': { $lte: to },
      signature: { $ne: null },
    };
    const found = await onDatabase(`snapshots of ${origin}`, () => this.#snapshots.find(filter).lean());
    return found.map(rowOf).filter(({ snapshotId }) => snapshotId !== except);
  }

  /** The snapshots of an origin with records that were sealed although they do not match their own hash, by id. */
  async listWithFindings(
    origin: string,
  ): Promise<readonly { readonly snapshotId: string; readonly findingCount: number }[]> {
    const found = await onDatabase(`findings of ${origin}`, () =>
      this.#snapshots
        .find({ origin, 'manifest.findingCount': { $gt: 0 } })
        .select('manifest')
        .sort({ _id: 1 })
        .lean(),
    );
    return found.map(({ _id, manifest }) => ({ snapshotId: _id, findingCount: manifest?.findingCount ?? 0 }));
  }

  async #get(snapshotId: string): Promise<SnapshotRow> {
    const row = await this.find(snapshotId);
    if (row) return row;
    throw new SnapshotError('SNAPSHOT_NOT_FOUND', `snapshot ${snapshotId} has no row`);
  }

  /** Sets members unless `guard` is already set; returns the row as it is then. */
  async #setOnce(
    snapshotId: string,
    guard: keyof SnapshotRow,
    members: Partial<SnapshotRow>,
  ): Promise<SnapshotRow> {
    const filter = { _id: snapshotId, [guard]: null };
    const update = { $set: members } as UpdateQuery<SnapshotDocument>;
    await onDatabase(`snapshot ${snapshotId}`, () => this.#snapshots.updateOne(filter, update));
    return this.#get(snapshotId);
  }

  async #setIdempotent<K extends keyof SnapshotRow>(
    snapshotId: string,
    member: K,
    value: SnapshotRow[K],
  ): Promise<void> {
    const row = await this.#setOnce(snapshotId, member, { [member]: value });
    if (!deepEqualJson(row[member], value))
      throw conflict(`${member} of snapshot ${snapshotId} is already set to another value`);
  }
}

/** The mark of a chunk row; of many conflicting ids it lists only the first. */
export function markedOf(conflicts: readonly string[]): NonNullable<ChunkDocument['marked']> {
  return { conflicts: conflicts.slice(0, MAX_LISTED_CONFLICTS), conflictCount: conflicts.length };
}

/** The `_id` of the row of a chunk. */
export function chunkId(snapshotId: string, index: number): string {
  return `${snapshotId}/${String(index).padStart(6, '0')}`;
}

/** Rows of earlier versions have no source, of which there was one, and did not count what they left out. */
function rowOf({ _id, ...members }: SnapshotDocument): SnapshotRow {
  const { source, leftOut } = members as Partial<SnapshotDocument>;
  return { snapshotId: _id, ...members, source: source ?? AUDIT_LOG, leftOut: leftOut ?? null };
}

function chunkOf(document: ChunkDocument): ChunkRow {
  const { _id, marked: _marked, ...row } = document;
  return row;
}

function conflict(message: string): SnapshotError {
  return new SnapshotError('SNAPSHOT_CONFLICT', message);
}
