import { seededRandom } from '../../dev/demo/auditTrail';
import {
  OWN_KINDS,
  SCENARIOS,
  SHARED_KINDS,
  SIDES,
  type Fault,
  type FaultKind,
  type Plan,
  type InjectionPoint,
} from './plan';
import { SEALING_ACTIVITIES, type ActivityName } from '../harness/sealingActivities';

/** Runs of a batch; a fixed number, so that the number of a run and the seed alone decide its faults. */
export const RUNS_PER_BATCH = 8;
/** So many runs of a batch may have a fault of a server that all of them share. */
const SHARED_PER_BATCH = 3;
/** Freezing a process past its heartbeat takes a while, so only every fourth batch does. */
const FREEZING_BATCHES = 4;

/** The plan of run `number`, from 0, of a campaign. */
export function randomPlan(seed: number, number: number): Plan {
  const random = seededRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const scenario = random() < 0.4 ? 'one' : pick(SCENARIOS);
  const records = 200 + Math.floor(random() * 1_800);
  const batch = Math.floor(number / RUNS_PER_BATCH);
  const freezing = batch % FREEZING_BATCHES === FREEZING_BATCHES - 1;
  const own = OWN_KINDS.filter(
    (kind) => kind !== 'worker.frozen' && (scenario !== 'direct' || !kind.startsWith('service.')),
  );
  const kinds: FaultKind[] = Array.from({ length: 4 + Math.floor(random() * 3) }, () => pick(own));
  if (freezing) kinds.push('worker.frozen');
  if (number % RUNS_PER_BATCH < SHARED_PER_BATCH) kinds.push(pick(SHARED_KINDS));
  const faults = kinds.map((kind): Fault => ({ kind, at: stepFor(kind, scenario, pick, random) }));
  return { scenario, records, faults };
}

/** How many calls of ports an activity makes. */
const CALLS: Readonly<Record<(typeof SEALING_ACTIVITIES)[number], number>> = {
  openSnapshot: 9,
  queryBatch: 2,
  hashBatch: 3,
  sealManifest: 5,
  signManifest: 7,
  registerAsset: 11,
  appendToLedger: 12,
  markImmutable: 5,
  recordSnapshot: 5,
  reportJob: 2,
};
const EACH_CHUNK: readonly ActivityName[] = ['queryBatch', 'hashBatch', 'markImmutable'];
const CHUNKS = 5;
/** Calls after which an activity no longer uses Vault. */
const VAULT_CALLS: Readonly<Record<string, number>> = {
  openSnapshot: 3,
  signManifest: 7,
  appendToLedger: 10,
};

/** A fault of the next request to a server is planned where there is one. */
const WHERE: Readonly<Record<string, readonly (typeof SEALING_ACTIVITIES)[number][]>> = {
  vault: ['openSnapshot', 'signManifest', 'appendToLedger'],
  service: ['reportJob'],
  storage: SEALING_ACTIVITIES.filter(
    (name) => !['openSnapshot', 'recordSnapshot', 'reportJob'].includes(name),
  ),
  write: ['queryBatch', 'sealManifest', 'signManifest', 'registerAsset', 'appendToLedger'],
};

function stepFor(
  kind: FaultKind,
  scenario: Plan['scenario'],
  pick: <T>(list: readonly T[]) => T,
  random: () => number,
): InjectionPoint {
  const [server = '', what = ''] = kind.split('.');
  const atOnce =
    /^(killed|frozen|full|sealed|tokensRevoked|keyRotated|rightsLost|databaseLost|lateRecords)$/.test(what);
  const group = /^(requestCut|507|unacknowledged)$/.test(what) && server === 'storage' ? 'write' : server;
  const activities = (atOnce ? undefined : WHERE[group]) ?? SEALING_ACTIVITIES;
  const activity = pick(
    activities.filter((name) => scenario !== 'empty' || !['hashBatch', 'markImmutable'].includes(name)),
  );
  const side =
    atOnce || server === 'worker' || server === 'run' ? pick(SIDES) : pick(['before', 'call'] as const);
  const known = (server === 'vault' ? VAULT_CALLS[activity] : undefined) ?? CALLS[activity];
  const calls = side === 'call' ? known : 1;
  const times = EACH_CHUNK.includes(activity) && scenario !== 'empty' ? CHUNKS : 1;
  return { activity, side, nth: 1 + Math.floor(random() * calls * times) };
}
