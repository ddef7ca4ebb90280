import { ANSWER_KINDS } from '../harness/httpAnswers';
import { LOST_RIGHTS } from './lostRights';

/**
 * What can happen at one call of a port. The answers of `test/harness/httpAnswers.ts` are among it: what a server, or a proxy before it,
 * sends instead of the expected response. Where a server has no such answer, the call succeeds.
 * - `lost`: it never arrives; `unacknowledged`: it takes effect and the answer is lost (a stream breaks half way)
 * - `duplicated`: it arrives twice, and the second answer is the one that comes back
 * - `delayed`: the caller hangs past its timeout, a new attempt replaces it, and the call arrives a few calls later
 * - `delayedLong`: the same, but it arrives much later, when others may have taken over
 * - `delayedToEnd`: the same, but it arrives only when everything else has ended
 * - `workerDiedBefore`, `workerDiedAfter`: every activity under way ends with its process
 * - `runLostBefore`, `runLostAfter`: the workflow is terminated, or its database lost; activities under way continue
 * - `cancelled`: the run is cancelled at this moment
 * - `lateRecord`: the application logs one more record into the window
 * - `keyRotated`: the signing key gets another version
 * - `clockForward`, `clockBack`: the clock of the workers moves by an hour
 */
export const FAULT_KINDS = [
  'lost',
  'unacknowledged',
  'duplicated',
  'delayed',
  'delayedLong',
  'delayedToEnd',
  'workerDiedBefore',
  'workerDiedAfter',
  'runLostBefore',
  'runLostAfter',
  'cancelled',
  'lateRecord',
  'keyRotated',
  'clockForward',
  'clockBack',
  ...ANSWER_KINDS,
] as const;

/** A fault that no retry can repair; the scenario says which one it is. */
export const DISASTER = 'disaster';

export type FaultKind = (typeof FAULT_KINDS)[number] | typeof DISASTER;

export interface Fault {
  /** The call at which it is injected, from 1, counted over the whole simulation. */
  readonly at: number;
  readonly kind: FaultKind;
}

export const SCENARIOS = [
  'one',
  'empty',
  'overlapping',
  'takeover',
  'sideBySide',
  'continued',
  'tampered',
  'timestamped',
] as const;

/**
 * Scenarios with a disaster: a stored object is corrupted, the ledger's rows are restored, a key version is trimmed. In the
 * others, rights are taken away while the job runs, and given back when it has ended: those of the database that finishing
 * needs, and each right in storage and Vault.
 */
export const DISASTERS = ['corrupted', 'restored', 'trimmed', 'rightsLost', ...LOST_RIGHTS] as const;

export type ScenarioName = (typeof SCENARIOS)[number] | (typeof DISASTERS)[number];

export interface Plan {
  readonly scenario: ScenarioName;
  /** Decides which of several pending calls comes first; 0 is the order in which they were made. */
  readonly order: number;
  readonly faults: readonly Fault[];
}

/** `overlapping/7:lost@12,delayed@40`, as the command line takes it. */
export function formatPlan({ scenario, order, faults }: Plan): string {
  return `${scenario}/${order}:${faults.map(({ at, kind }) => `${kind}@${at}`).join(',')}`;
}

export function parsePlan(text: string): Plan {
  const [, scenario, order, faults] = /^(\w+)\/(\d+):(.*)$/.exec(text) ?? [];
  const known = [...SCENARIOS, ...DISASTERS].find((name) => name === scenario);
  if (!known || faults === undefined)
    throw new Error(`not a plan: ${text}; expected scenario/order:kind@call,…`);
  return {
    scenario: known,
    order: Number(order),
    faults: faults.split(',').filter(Boolean).map(parseFault),
  };
}

function parseFault(text: string): Fault {
  const [, name, at] = /^(\w+)@(\d+)$/.exec(text) ?? [];
  const kinds: readonly FaultKind[] = [...FAULT_KINDS, DISASTER];
  const kind = kinds.find((known) => known === name);
  if (!kind) throw new Error(`not a fault: ${text}; kinds are ${FAULT_KINDS.join(', ')}`);
  return { at: Number(at), kind };
}
