import { SnapshotError } from '../errors';

/** Members that only sealing may write: a record that appears sealed would never be sealed. */
export const SEALING_MEMBERS = ['immutable', 'snapshotId'] as const;

/** Rejects an update, replacement or pipeline that writes sealing members: RECORD_IMMUTABLE. */
export function rejectSealingUpdate(update: unknown): void {
  if (Array.isArray(update)) {
    for (const stage of update as readonly unknown[]) rejectSealingStage(stage);
    return;
  }
  for (const [name, value] of entriesOf(update)) {
    if (name === '$rename') rejectNames(Object.values(value as object));
    if (name.startsWith('$')) rejectMembers(value);
    else rejectMember(name, value);
  }
}

/** Rejects a new record, a plain object or a mongoose document, that claims to be sealed: RECORD_IMMUTABLE. */
export function rejectSealedRecord(record: unknown): void {
  const { toObject } = (record ?? {}) as { toObject?: () => unknown };
  rejectMembers(typeof toObject === 'function' ? toObject.call(record) : record);
}

/** Rejects an upsert whose filter matches sealed records, because it copies equalities into the new record: RECORD_IMMUTABLE. */
export function rejectSealedFilter(filter: unknown): void {
  for (const [name, value] of entriesOf(filter)) {
    if (name === '$and') (value as readonly unknown[]).forEach(rejectSealedFilter);
    else rejectMember(name, value);
  }
}

/** Most stages can drop or rename members without naming them, so only stages that name what they set are allowed. */
function rejectSealingStage(stage: unknown): void {
  for (const [name, value] of entriesOf(stage)) {
    if (name !== '$set' && name !== '$addFields') {
      throw new SnapshotError('RECORD_IMMUTABLE', `${name} can unseal a record; use $set in the pipeline`);
    }
    rejectMembers(value);
  }
}

function rejectMembers(members: unknown): void {
  for (const [name, value] of entriesOf(members)) rejectMember(name, value);
}

function rejectMember(name: string, value: unknown): void {
  // Every new record has `immutable: false`.
  if (name === 'immutable' && value === false) return;
  rejectNames([name]);
}

function rejectNames(names: readonly unknown[]): void {
  for (const name of names) {
    const [top] = String(name).split('.');
    if (SEALING_MEMBERS.some((member) => member === top)) {
      throw new SnapshotError('RECORD_IMMUTABLE', `${top} is written only by sealing`);
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
