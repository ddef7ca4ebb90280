import type { SnapshotActivities } from '../../src/contract/activities';

export type ActivityName = keyof SnapshotActivities;

/** The activities of a run that seals, in the order they run. */
export const SEALING_ACTIVITIES = [
  'openSnapshot',
  'queryBatch',
  'hashBatch',
  'sealManifest',
  'signManifest',
  'registerAsset',
  'appendToLedger',
  'markImmutable',
  'recordSnapshot',
  'reportJob',
] as const satisfies readonly ActivityName[];
