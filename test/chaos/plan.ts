import { SEALING_ACTIVITIES, type ActivityName } from '../harness/sealingActivities';

/** Before an activity, at each call of a port that it makes, and after it. */
export const SIDES = ['before', 'call', 'after'] as const;
export type Side = (typeof SIDES)[number];

/** Where a fault is injected: the nth time, from 1, that a run reaches this side of an activity. */
export interface InjectionPoint {
  readonly activity: ActivityName;
  readonly side: Side;
  readonly nth: number;
}

/** Faults of the processes and connections of one run alone. */
export const OWN_KINDS = [
  'worker.killed',
  'worker.frozen',
  'worker.replaced',
  'worker.second',
  'worker.clockAhead',
  'worker.clockBehind',
  'service.killed',
  'service.frozen',
  'storage.lost',
  'storage.unacknowledged',
  'storage.requestCut',
  'storage.answerCut',
  'storage.429',
  'storage.503',
  'storage.507',
  'storage.refused',
  'storage.blackHole',
  'storage.slow',
  'storage.silent',
  'storage.stalled',
  'storage.connectionsDead',
  'storage.outdated',
  'storage.denied',
  'storage.absentDenied',
  'storage.htmlError',
  'storage.cutError',
  'storage.emptyError',
  'vault.lost',
  'vault.unacknowledged',
  'vault.answerCut',
  'vault.429',
  'vault.503',
  'vault.refused',
  'vault.blackHole',
  'vault.slow',
  'vault.silent',
  'vault.stalled',
  'vault.outdated',
  'vault.standby',
  'vault.denied',
  'vault.full',
  'vault.htmlError',
  'vault.cutError',
  'vault.emptyError',
  'service.lost',
  'service.unacknowledged',
  'service.503',
  'service.refused',
  'service.silent',
  'service.stalled',
  'service.htmlError',
  'service.cutError',
  'service.emptyError',
  'mongo.lost',
  'mongo.unacknowledged',
  'mongo.cut',
  'mongo.refused',
  'mongo.blackHole',
  'mongo.slow',
  'mongo.connectionsDead',
  'mongo.denied',
  'mongo.notPrimary',
  'mongo.full',
  'temporal.cut',
  'temporal.refused',
  'temporal.blackHole',
  'temporal.slow',
  'temporal.connectionsDead',
  'run.terminated',
  'run.cancelled',
  'run.reset',
  'run.lateRecords',
] as const;

/**
 * Faults of connections and servers after which the same call succeeds. Rights that are lost for a while are none: an activity
 * without rights ends the attempt.
 */
const PASSING =
  /\.(lost|unacknowledged|requestCut|answerCut|cut|429|503|507|silent|stalled|connectionsDead|outdated|standby|full|notPrimary|htmlError|cutError|emptyError|refused|slow)$/;

export function isPassing(kind: FaultKind): boolean {
  return PASSING.test(kind);
}

/** Faults of a server, and so of every run that shares it. */
export const SHARED_KINDS = [
  'temporal.killed',
  'temporal.frozen',
  'temporal.databaseLost',
  'mongo.killed',
  'mongo.frozen',
  'storage.killed',
  'storage.frozen',
  'storage.full',
  'vault.killed',
  'vault.frozen',
  'vault.sealed',
  'vault.tokensRevoked',
  'vault.keyRotated',
  'vault.rightsLost',
] as const;

export const FAULT_KINDS = [...OWN_KINDS, ...SHARED_KINDS] as const;
type OwnKind = (typeof OWN_KINDS)[number];
export type SharedKind = (typeof SHARED_KINDS)[number];
export type FaultKind = OwnKind | SharedKind;

export interface Fault {
  readonly kind: FaultKind;
  readonly at: InjectionPoint;
}

/**
 * - `one`: one job; `late`: records arrive in its window while it runs; `overlapping`: two jobs over overlapping windows
 * - `empty`: a window without records; `direct`: started by the client SDK, workers write the job row themselves
 */
export const SCENARIOS = ['one', 'late', 'overlapping', 'empty', 'direct'] as const;
type ScenarioName = (typeof SCENARIOS)[number];

export interface Plan {
  readonly scenario: ScenarioName;
  readonly records: number;
  readonly faults: readonly Fault[];
}

/** `one/600:worker.killed@signManifest.call#3,storage.503@queryBatch.before#2`, as the command line takes it. */
export function formatPlan({ scenario, records, faults }: Plan): string {
  const spelled = faults.map(({ kind, at }) => `${kind}@${at.activity}.${at.side}#${at.nth}`);
  return `${scenario}/${records}:${spelled.join(',')}`;
}

export function parsePlan(text: string): Plan {
  const [, name, records, faults] = /^(\w+)\/(\d+):(.*)$/.exec(text) ?? [];
  const scenario = SCENARIOS.find((known) => known === name);
  if (!scenario || faults === undefined)
    throw new Error(`not a plan: ${text}; expected scenario/records:kind@activity.side#nth,…`);
  return { scenario, records: Number(records), faults: faults.split(',').filter(Boolean).map(parseFault) };
}

function parseFault(text: string): Fault {
  const [, name, activityName, sideName, nth] = /^([\w.]+)@(\w+)\.(\w+)#(\d+)$/.exec(text) ?? [];
  const kind = FAULT_KINDS.find((known) => known === name);
  const activity = SEALING_ACTIVITIES.find((known) => known === activityName);
  const side = SIDES.find((known) => known === sideName);
  if (!kind || !activity || !side)
    throw new Error(`not a fault: ${text}; kinds are ${FAULT_KINDS.join(', ')}`);
  return { kind, at: { activity, side, nth: Number(nth) } };
}
