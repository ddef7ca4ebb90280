import type { SnapshotActivities } from '../../src/contract/activities';
import type { SealingDeps } from '../../src/sealing/deps';
import { overrideMethods } from '../harness/overrideMethods';

/** Changes what runs, so that a campaign can prove that it notices. */
export interface PlantedBug {
  readonly deps?: (deps: SealingDeps) => SealingDeps;
  readonly activities?: (activities: SnapshotActivities) => SnapshotActivities;
  /** Calls without a deadline, as `port.method`: while their server is silent, they wait for ever. */
  readonly withoutDeadline?: readonly string[];
}

type Ports = Omit<SealingDeps, 'clock' | 'settings' | 'timestamper' | 'metrics'>;

/** A bug in some methods of one port. */
export function withMethods<P extends keyof Ports>(
  port: P,
  change: (real: Ports[P], deps: SealingDeps) => Partial<Ports[P]>,
): PlantedBug {
  return {
    deps: (deps) => {
      const other = change(deps[port], deps);
      return { ...deps, [port]: overrideMethods(deps[port], other) };
    },
  };
}
