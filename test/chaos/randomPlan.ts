import {
  ACTIVITIES,
  OWN_KINDS,
  SCENARIOS,
  SHARED_KINDS,
  SIDES,
  type ActivityName,
  type Fault,
  type FaultKind,
  type Plan,
  type Step,
} from './plan';

/** Runs that share a round; a fixed number, so that a run's number and the seed alone decide what it meets. */
export const RUNS_PER_ROUND = 8;
/** Of the runs of a round, so many may have something done to a server that all of them share. */
const SHARED_PER_ROUND = 3;
/** A process that is frozen past its heartbeat takes a while, so only every fourth round has such. */
const FREEZING_ROUNDS = 4;

/** The plan of run `number`, from 0, of a campaign. */
export function randomPlan(seed: number, number: number): Plan {
  const random = seededRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const scenario = random() < 0.4 ? 'one' : pick(SCENARIOS);
  const records = 200 + Math.floor(random() * 1_800);
  const round = Math.floor(number / RUNS_PER_ROUND);
  const freezing = round % FREEZING_ROUNDS === FREEZING_ROUNDS - 1;
  const own = OWN_KINDS.filter(
    (kind) => kind !== 'worker.frozen' && (scenario !== 'direct' || !kind.startsWith('service.')),
  );
  const kinds: FaultKind[] = Array.from({ length: 4 + Math.floor(random() * 3) }, () => pick(own));
  if (freezing) kinds.push('worker.frozen');
  if (number % RUNS_PER_ROUND < SHARED_PER_ROUND) kinds.push(pick(SHARED_KINDS));
  const faults = kinds.map((kind): Fault => ({ kind, at: stepFor(kind, scenario, pick, random) }));
  return { scenario, records, faults };
}

/** Calls of ports that an activity makes, and whether it runs once for each chunk. */
const CALLS: Readonly<Record<(typeof ACTIVITIES)[number], number>> = {
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
/** Vault is asked early, if at all. */
const VAULT_CALLS: Readonly<Record<string, number>> = {
  openSnapshot: 3,
  signManifest: 7,
  appendToLedger: 10,
};

/** What strikes the next request to a server is planned where there is one. */
const WHERE: Readonly<Record<string, readonly (typeof ACTIVITIES)[number][]>> = {
  vault: ['openSnapshot', 'signManifest', 'appendToLedger'],
  service: ['reportJob'],
  storage: ACTIVITIES.filter((name) => !['openSnapshot', 'recordSnapshot', 'reportJob'].includes(name)),
  write: ['queryBatch', 'sealManifest', 'signManifest', 'registerAsset', 'appendToLedger'],
};

function stepFor(
  kind: FaultKind,
  scenario: Plan['scenario'],
  pick: <T>(list: readonly T[]) => T,
  random: () => number,
): Step {
  const [server = '', what = ''] = kind.split('.');
  const atOnce = /^(killed|frozen|full|sealed|tokensRevoked|keyRotated|databaseLost|lateRecords)$/.test(what);
  const group = /^(requestCut|507|unacknowledged)$/.test(what) && server === 'storage' ? 'write' : server;
  const places = (atOnce ? undefined : WHERE[group]) ?? ACTIVITIES;
  const activity = pick(
    places.filter((name) => scenario !== 'empty' || !['hashBatch', 'markImmutable'].includes(name)),
  );
  const side =
    atOnce || server === 'worker' || server === 'run' ? pick(SIDES) : pick(['before', 'call'] as const);
  const known = (server === 'vault' ? VAULT_CALLS[activity] : undefined) ?? CALLS[activity];
  const calls = side === 'call' ? known : 1;
  const times = EACH_CHUNK.includes(activity) && scenario !== 'empty' ? CHUNKS : 1;
  return { activity, side, nth: 1 + Math.floor(random() * calls * times) };
}

/** mulberry32: small, and the same on every platform. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
