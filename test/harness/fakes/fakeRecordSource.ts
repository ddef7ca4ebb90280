import { mongo } from 'mongoose';
import { BSON_BOOLEAN, BSON_DATE, bsonElements } from '../../../src/evidence/bsonElements';
import { cutRecord, readRecord } from '../../../src/evidence/recordBytes';
import { AUDIT_LOG, type RecordMembers } from '../../../src/evidence/recordMembers';
import type { Bounds, Window } from '../../../src/contract/window';
import {
  leftOutKindOf,
  MAX_COUNTED_LEFT_OUT,
  noneLeftOut,
  WINDOW_YEARS,
  type LeftOutCounts,
} from '../../../src/evidence/leftOut';
import { isMarkable } from '../../../src/mongo/oddRecords';
import { decodeRecordId } from '../../../src/mongo/recordId';
import { exactDocument } from '../../../src/mongo/restoreRecords';
import type {
  LeftOutScope,
  LogSlice,
  MarkOutcome,
  RecordSource,
  SnapshotCreated,
} from '../../../src/ports/recordSource';
import type { SealedRecordInserter } from '../../../src/ports/snapshotRestorer';
import {
  buildEntry,
  entryIdOnce,
  SNAPSHOT_CREATED,
  SYSTEM_ACTOR_ID,
  type AuditEntry,
} from '../../../src/services/auditEntry';
import { FaultPlan } from './faults';
import { compareIds } from './idComparison';

const { BSON } = mongo;
const BSON_NULL = 0x0a;

interface Held {
  readonly id: string;
  readonly timestamps: readonly number[];
  readonly bytes: Buffer;
}

/** An audit log in memory, of BSON bytes. */
export class FakeRecordSource implements RecordSource, SealedRecordInserter {
  readonly faults = new FaultPlan<keyof RecordSource | keyof SealedRecordInserter>('DATABASE_UNREACHABLE');
  /** How often each record was marked, by position id: 1 for a record that was sealed once. */
  readonly markCounts = new Map<string, number>();
  readonly #records = new Map<string, Held>();
  readonly #members: RecordMembers;

  constructor(members: RecordMembers = AUDIT_LOG.members) {
    this.#members = members;
  }

  /** Adds an entry as the audit service would store it; returns its position id. */
  log(entry: AuditEntry): string {
    return this.add(buildEntry(entry, undefined, this.#members).document);
  }

  add(document: mongo.Document): string {
    return this.addRaw(BSON.serialize(document));
  }

  /** Adds a record as these bytes, or replaces the record with the same id. */
  addRaw(bytes: Uint8Array): string {
    const own = Buffer.from(bytes);
    const { id } = readRecord(own);
    this.#records.set(id, { id, timestamps: timestampsOf(own, this.#members), bytes: own });
    return id;
  }

  remove(id: string): void {
    this.#records.delete(id);
  }

  /** The record as it is stored now. */
  read(id: string): Buffer | undefined {
    const held = this.#records.get(id);
    return held && Buffer.from(held.bytes);
  }

  /** Which snapshot sealed a record; undefined while none has. */
  sealedBy(id: string): string | undefined {
    return sealOf(this.#records.get(id)?.bytes ?? Buffer.alloc(0), this.#members).snapshotId;
  }

  ids(): string[] {
    return [...this.#records.keys()];
  }

  async *scan(slice: LogSlice, limit: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const found = await this.faults.run('scan', () => this.#find(slice).slice(0, limit));
    for (const { bytes } of found) {
      signal?.throwIfAborted();
      yield Buffer.from(bytes);
    }
  }

  async *scanMarked(fromMs: number, untilMs: number): AsyncGenerator<Uint8Array> {
    const found = await this.faults.run('scanMarked', () => this.#between(fromMs, untilMs));
    for (const { bytes } of found)
      if (sealOf(bytes, this.#members).immutable === true) yield Buffer.from(bytes);
  }

  async *scanUnmarked(fromMs: number, untilMs: number): AsyncGenerator<Uint8Array> {
    const found = await this.faults.run('scanUnmarked', () => this.#between(fromMs, untilMs));
    for (const { bytes } of found) if (isUnmarked(bytes, this.#members)) yield Buffer.from(bytes);
  }

  async *scanOddMarks(): AsyncGenerator<Uint8Array> {
    const found = await this.faults.run('scanOddMarks', () =>
      [...this.#records.values()].filter(({ bytes }) => isOdd(bytes, this.#members)),
    );
    for (const { bytes } of found) yield Buffer.from(bytes);
  }

  async *findByIds(ids: readonly string[]): AsyncGenerator<Uint8Array> {
    const found = await this.faults.run('findByIds', () =>
      ids.filter((id) => decodeRecordId(id) !== undefined).flatMap((id) => this.read(id) ?? []),
    );
    yield* found;
  }

  isMarkable(document: Uint8Array, snapshotId: string): boolean {
    return isMarkable(document, snapshotId, this.#members);
  }

  countUnsealed({ from, to }: Window, signal?: AbortSignal): Promise<number> {
    const slice = { fromMs: Date.parse(from), untilMs: Date.parse(to) + 1, after: null };
    return this.faults.run('countUnsealed', () => {
      signal?.throwIfAborted();
      return this.#find(slice).length;
    });
  }

  countLeftOut({ within, uncovered }: LeftOutScope): Promise<LeftOutCounts> {
    return this.faults.run('countLeftOut', () => {
      const counts = noneLeftOut();
      for (const { bytes, timestamps } of this.#records.values()) {
        const kind = leftOutKindOf(bytes, this.#members);
        if (kind === undefined) continue;
        const [ms] = timestamps;
        const bounds =
          kind === 'mark-foreign' ? uncovered : kind === 'immutable-missing' && within ? [within] : undefined;
        if (bounds && isDated(ms) && !isIn(bounds, ms)) continue;
        counts[kind] = Math.min(counts[kind] + 1, MAX_COUNTED_LEFT_OUT);
      }
      return counts;
    });
  }

  updateLogImmutability(logIds: readonly string[], snapshotId: string): Promise<MarkOutcome> {
    return this.faults.run('updateLogImmutability', () => ({
      conflicts: logIds.filter((id) => !this.#mark(id, snapshotId)),
    }));
  }

  insertSealed(records: readonly Uint8Array[], snapshotId: string): Promise<readonly string[]> {
    return this.faults.run('insertSealed', () => {
      const refused: string[] = [];
      for (const bytes of records) {
        const { id } = readRecord(bytes, this.#members);
        if (!isMarkable(bytes, snapshotId, this.#members) || !exactDocument(bytes)) refused.push(id);
        else if (!this.#records.has(id)) this.addRaw(markedBytes(bytes, snapshotId, this.#members));
      }
      return refused;
    });
  }

  recordSnapshotCreated(created: SnapshotCreated): Promise<void> {
    return this.faults.run('recordSnapshotCreated', () => {
      const [action, resourceId] = [SNAPSHOT_CREATED, created.snapshotAssetId];
      const entry = {
        resourceType: 'audit_snapshot',
        resourceId,
        action,
        actorId: SYSTEM_ACTOR_ID,
        details: created,
      };
      const id = entryIdOnce(action, resourceId);
      if (!this.#records.has(id.toHexString())) this.add(buildEntry(entry, id, this.#members).document);
    });
  }

  #between(fromMs: number, untilMs: number): Held[] {
    return [...this.#records.values()]
      .filter(({ timestamps }) => timestamps.some((ms) => ms >= fromMs && ms < untilMs))
      .toSorted((one, other) => sortKey(one) - sortKey(other) || compareIds(one.id, other.id));
  }

  #find({ fromMs, untilMs, after }: LogSlice): Held[] {
    const afterMs = after === null ? undefined : Date.parse(after.timestamp);
    const isAfter = (ms: number, id: string): boolean =>
      afterMs === undefined || ms > afterMs || (ms === afterMs && compareIds(id, after?.id ?? '') > 0);
    return [...this.#records.values()]
      .filter(({ bytes }) => sealOf(bytes, this.#members).unsealed)
      .filter(({ id, timestamps }) =>
        timestamps.some((ms) => ms >= fromMs && ms < untilMs && isAfter(ms, id)),
      )
      .toSorted((one, other) => sortKey(one) - sortKey(other) || compareIds(one.id, other.id));
  }

  #mark(id: string, snapshotId: string): boolean {
    const held = this.#records.get(id);
    if (!held) return false;
    const seal = sealOf(held.bytes, this.#members);
    if (!seal.unsealed) return seal.snapshotId === snapshotId;
    if (!isMarkable(held.bytes, snapshotId, this.#members)) return false;
    this.#records.set(id, { ...held, bytes: markedBytes(held.bytes, snapshotId, this.#members) });
    this.markCounts.set(id, (this.markCounts.get(id) ?? 0) + 1);
    return true;
  }
}

function isIn(bounds: readonly Bounds[], ms: number): boolean {
  return bounds.some(({ fromMs, untilMs }) => ms >= fromMs && ms < untilMs);
}

function isDated(ms: number | undefined): ms is number {
  return ms !== undefined && isIn([WINDOW_YEARS], ms);
}

/** A record with the mark of a snapshot. */
function markedBytes(bytes: Uint8Array, snapshotId: string, members: RecordMembers): Buffer {
  const { immutable, snapshotId: owner } = members;
  const mark = BSON.serialize({ [immutable]: true, [owner]: snapshotId }).subarray(4);
  const sealed = Buffer.concat([cutRecord(bytes, members).subarray(0, -1), mark]);
  sealed.writeInt32LE(sealed.length, 0);
  return sealed;
}

function sortKey({ timestamps }: Held): number {
  return Math.min(...timestamps);
}

/** `immutable` is false, null or missing. */
function isUnmarked(bytes: Buffer, members: RecordMembers): boolean {
  const mark = [...bsonElements(bytes)].find(({ name }) => name === members.immutable);
  return mark === undefined || mark.type === BSON_NULL || sealOf(bytes, members).unsealed;
}

/** Marked in a way that sealing never does. */
function isOdd(bytes: Buffer, { immutable, time: timeName }: RecordMembers): boolean {
  const members = [...bsonElements(bytes)];
  const mark = members.find(({ name }) => name === immutable);
  if (mark === undefined || mark.type === BSON_NULL) return false;
  if (mark.type !== BSON_BOOLEAN) return true;
  const time = members.find(({ name }) => name === timeName);
  return bytes[mark.valueStart] === 1 && time?.type !== BSON_DATE;
}

function sealOf(
  bytes: Buffer,
  names: RecordMembers,
): {
  immutable: boolean | undefined;
  unsealed: boolean;
  snapshotId: string | undefined;
} {
  const members = bytes.length === 0 ? [] : [...bsonElements(bytes)];
  const immutable = members.find(({ name, type }) => name === names.immutable && type === 0x08);
  const owner = members.find(({ name, type }) => name === names.snapshotId && type === 0x02);
  return {
    immutable: immutable && bytes[immutable.valueStart] === 1,
    unsealed: immutable !== undefined && bytes[immutable.valueStart] === 0,
    snapshotId: owner && bytes.toString('utf8', owner.valueStart + 4, owner.end - 1),
  };
}

/** Dates that a query for the time matches: its first member, or the elements of an array there. */
function timestampsOf(bytes: Buffer, members: RecordMembers): number[] {
  const first = [...bsonElements(bytes)].find(({ name }) => name === members.time);
  const arrays = first?.type === 0x04 ? [first] : [];
  const listed = arrays.flatMap(({ valueStart, end }) =>
    Object.values(BSON.deserialize(bytes.subarray(valueStart, end))),
  );
  const dates = listed.filter((value) => value instanceof Date).map((date) => date.getTime());
  const { timeMs } = readRecord(bytes, members);
  return timeMs === undefined ? dates : [timeMs];
}
