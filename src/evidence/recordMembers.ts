/** Names of the four top-level members of a record that sealing reads or writes. */
export interface RecordMembers {
  /** The date by which a record belongs to a window. */
  readonly time: string;
  /** The hash that the application stored in the record. */
  readonly hash: string;
  /** The two members of the mark: they are not part of the record bytes. */
  readonly immutable: string;
  readonly snapshotId: string;
}

/** Where records were sealed from: a collection, and its names of the members. */
export interface RecordSourceNames {
  readonly collection: string;
  readonly members: RecordMembers;
  /** Records without a mark are sealed as well; undefined: only those whose mark is false. */
  readonly eligible?: 'unmarked' | undefined;
}

/** The audit log of this product, and the default of its settings. */
export const AUDIT_LOG: RecordSourceNames = {
  collection: 'auditlogs',
  members: { time: 'timestamp', hash: 'hash', immutable: 'immutable', snapshotId: 'snapshotId' },
};
