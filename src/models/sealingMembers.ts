import { SnapshotError } from '../errors';

/** Members that only sealing may write: whoever could set them could pass a record off as sealed, and keep it out. */
export const SEALING_MEMBERS = ['immutable', 'snapshotId'] as const;

/** Refuses an update, replacement or pipeline that writes sealing members: RECORD_IMMUTABLE. */
export function refuseSealingUpdate(update: unknown): void {
  if (Array.isArray(update)) {
    for (const stage of update as readonly unknown[]) refuseSealingStage(stage);
    return;
  }
  for (const [name, value] of entriesOf(update)) {
    if (name === '$rename') refuseNames(Object.values(value as object));
    if (name.startsWith('$')) refuseMembers(value);
    else refuseMember(name, value);
  }
}

/** Refuses a new record, plain or of mongoose, that comes sealed: RECORD_IMMUTABLE. */
export function refuseSealedRecord(record: unknown): void {
  const { toObject } = (record ?? {}) as { toObject?: () => unknown };
  refuseMembers(typeof toObject === 'function' ? toObject.call(record) : record);
}

/** An upsert copies the equalities of its filter into the new record: RECORD_IMMUTABLE when it asks for sealed ones. */
export function refuseSealedFilter(filter: unknown): void {
  for (const [name, value] of entriesOf(filter)) {
    if (name === '$and') (value as readonly unknown[]).forEach(refuseSealedFilter);
    else refuseMember(name, value);
  }
}

/** Most stages can drop or rename members without naming them, so only those that name what they set are let through. */
function refuseSealingStage(stage: unknown): void {
  for (const [name, value] of entriesOf(stage)) {
    if (name !== '$set' && name !== '$addFields') {
      throw new SnapshotError('RECORD_IMMUTABLE', `${name} can unseal a record; use $set in the pipeline`);
    }
    refuseMembers(value);
  }
}

function refuseMembers(members: unknown): void {
  for (const [name, value] of entriesOf(members)) refuseMember(name, value);
}

function refuseMember(name: string, value: unknown): void {
  // Every new record says `immutable: false`.
  if (name === 'immutable' && value === false) return;
  refuseNames([name]);
}

function refuseNames(names: readonly unknown[]): void {
  for (const name of names) {
    const [top] = String(name).split('.');
    if (SEALING_MEMBERS.some((member) => member === top)) {
      throw new SnapshotError('RECORD_IMMUTABLE', `${top} is written by sealing alone`);
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
