import {
  ACTIVITIES,
  OWN_KINDS,
  SCENARIOS,
  SHARED_KINDS,
  SIDES,
  type Fault,
  type FaultKind,
  type Plan,
  type Step,
} from './plan';

/** Runs that share a round; a fixed number, so that a run's number and the seed alone decide what it meets. */
export const RUNS_PER_ROUND = 5;
/** Of the runs of a round, so many may have something done to a server that all of them share. */
const SHARED_PER_ROUND = 2;
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
  const own = OWN_KINDS.filter((kind) => kind !== 'worker.frozen');
  const kinds: FaultKind[] = Array.from({ length: 3 + Math.floor(random() * 3) }, () => pick(own));
  if (freezing) kinds.push('worker.frozen');
  if (number % RUNS_PER_ROUND < SHARED_PER_ROUND) kinds.push(pick(SHARED_KINDS));
  return {
    scenario,
    records,
    faults: kinds.map((kind): Fault => ({ kind, at: stepOf(scenario, pick, random) })),
  };
}

/** Steps that a run comes to: activities that run once for each chunk are come to more often. */
function stepOf(scenario: Plan['scenario'], pick: <T>(list: readonly T[]) => T, random: () => number): Step {
  const chunked = ['queryBatch', 'hashBatch', 'markImmutable'];
  const some = ACTIVITIES.filter((name) => scenario !== 'empty' || !chunked.slice(1).includes(name));
  const activity = pick(some);
  const side = pick(SIDES);
  const often = (side === 'call' ? 3 : 1) * (chunked.includes(activity) && scenario !== 'empty' ? 5 : 1);
  return { activity, side, nth: 1 + Math.floor(random() * often) };
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
