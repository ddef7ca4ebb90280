import type { SnapshotActivities } from '../../src/contract/activities';

/** The activities of a run that seals, in the order they run. */
export const STEPS = [
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
] as const satisfies readonly (keyof SnapshotActivities)[];
