import { SnapshotError } from '../errors';
import type { RecordMembers } from '../evidence/recordMembers';

/** The members that only sealing may write: a record that appears sealed would never be sealed. */
export type SealingMembers = Pick<RecordMembers, 'immutable' | 'snapshotId'>;

/** Rejects an update, replacement or pipeline that writes sealing members: RECORD_IMMUTABLE. */
export function rejectSealingUpdate(members: SealingMembers, update: unknown): void {
  if (Array.isArray(update)) {
    for (const stage of update as readonly unknown[]) rejectSealingStage(members, stage);
    return;
  }
  for (const [name, value] of entriesOf(update)) {
    if (name === '$rename') rejectNames(members, Object.values(value as object));
    if (name.startsWith('$')) rejectMembers(members, value);
    else rejectMember(members, name, value);
  }
}

/** Rejects a new record, a plain object or a mongoose document, that claims to be sealed: RECORD_IMMUTABLE. */
export function rejectSealedRecord(members: SealingMembers, record: unknown): void {
  const { toObject } = (record ?? {}) as { toObject?: () => unknown };
  rejectMembers(members, typeof toObject === 'function' ? toObject.call(record) : record);
}

/** Rejects an upsert whose filter matches sealed records, because it copies equalities into the new record: RECORD_IMMUTABLE. */
export function rejectSealedFilter(members: SealingMembers, filter: unknown): void {
  for (const [name, value] of entriesOf(filter)) {
    if (name === '$and') for (const each of value as readonly unknown[]) rejectSealedFilter(members, each);
    else rejectMember(members, name, value);
  }
}

/** Most stages can drop or rename members without naming them, so only stages that name what they set are allowed. */
function rejectSealingStage(members: SealingMembers, stage: unknown): void {
  for (const [name, value] of entriesOf(stage)) {
    if (name !== '$set' && name !== '$addFields') {
      throw new SnapshotError('RECORD_IMMUTABLE', `${name} can unseal a record; use $set in the pipeline`);
    }
    rejectMembers(members, value);
  }
}

function rejectMembers(members: SealingMembers, written: unknown): void {
  for (const [name, value] of entriesOf(written)) rejectMember(members, name, value);
}

function rejectMember(members: SealingMembers, name: string, value: unknown): void {
  // Every new record has `immutable: false`.
  if (name === members.immutable && value === false) return;
  rejectNames(members, [name]);
}

function rejectNames({ immutable, snapshotId }: SealingMembers, names: readonly unknown[]): void {
  for (const name of names) {
    const [top] = String(name).split('.');
    if (top === immutable || top === snapshotId) {
      throw new SnapshotError('RECORD_IMMUTABLE', `${top} is written only by sealing`);
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
