import { mongo } from 'mongoose';

const { Binary, Decimal128, Long, Timestamp } = mongo;

/** One entry of the trail, as an application would log it. */
export interface TrailEntry {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly action: string;
  readonly actorId: string;
  readonly timestamp: Date;
  readonly details: Record<string, unknown>;
}

const ACTORS = [
  'amélie.durand',
  'jonas.weber',
  '佐藤 花子',
  'svc-billing',
  'svc-backup',
  'ops@on-call',
  'Ирина Орлова',
];

type Random = () => number;

/** The kinds of entries, how frequent each is, and its details; the unusual BSON types are those that real applications write. */
const KINDS: readonly {
  readonly weight: number;
  readonly resourceType: string;
  readonly action: string;
  readonly details: (random: Random) => Record<string, unknown>;
}[] = [
  {
    weight: 40,
    resourceType: 'session',
    action: 'login.succeeded',
    details: (random) => ({
      ip: `10.${pick(random, 256)}.${pick(random, 256)}.7`,
      mfa: random() < 0.9,
      userAgent: 'Mozilla/5.0',
    }),
  },
  {
    weight: 4,
    resourceType: 'session',
    action: 'login.failed',
    details: (random) => ({ reason: 'mot de passe erroné ✗', tries: pick(random, 5) + 1, lockedUntil: null }),
  },
  {
    weight: 25,
    resourceType: 'invoice',
    action: 'invoice.updated',
    details: (random) => ({
      amount: Decimal128.fromString(`${pick(random, 9999)}.${10 + pick(random, 90)}`),
      currency: '€',
      lines: Array.from({ length: 1 + pick(random, 3) }, (_, line) => ({
        line,
        sku: `SKU-${pick(random, 10_000)}`,
        quantity: 1 + pick(random, 9),
      })),
      before: { status: 'draft', tags: ['q3', 'überfällig'] },
      after: { status: 'sent', tags: ['q3'] },
    }),
  },
  {
    weight: 15,
    resourceType: 'document',
    action: 'document.read',
    details: (random) => ({
      bytes: Long.fromNumber(pick(random, 2 ** 31) * 4096),
      sha256: new Binary(noise(random, 32)),
      path: `/contrats/${pick(random, 500)}.pdf`,
    }),
  },
  {
    weight: 6,
    resourceType: 'role',
    action: 'role.granted',
    details: (random) => ({
      role: 'admin',
      scope: { project: `p-${pick(random, 40)}`, expires: new Date(Date.UTC(2031, pick(random, 12), 1)) },
      'approved.by': 'four-eyes',
      $ticket: `OPS-${pick(random, 9000)}`,
    }),
  },
  {
    weight: 6,
    resourceType: 'backup',
    action: 'backup.finished',
    details: (random) => ({
      ratio: random() * 3,
      zero: -0,
      never: Number.NaN,
      oplog: new Timestamp({ t: 1_780_000_000 + pick(random, 1000), i: 1 }),
      skipped: /\.tmp$/i,
    }),
  },
];

const TOTAL_WEIGHT = KINDS.reduce((sum, kind) => sum + kind.weight, 0);

/** `count` entries spread over `[fromMs, toMs]` in order; the same seed gives the same trail. */
export function* auditTrail(count: number, fromMs: number, toMs: number, seed = 71): Generator<TrailEntry> {
  const random = seededRandom(seed);
  const stepMs = (toMs - fromMs) / count;
  for (let index = 0; index < count; index++) {
    const kind = pickKind(random);
    yield {
      resourceType: kind.resourceType,
      resourceId: `${kind.resourceType}-${pick(random, 5_000)}`,
      action: kind.action,
      actorId: ACTORS[pick(random, ACTORS.length)]!,
      timestamp: new Date(Math.floor(fromMs + (index + random()) * stepMs)),
      details: kind.details(random),
    };
  }
}

function pickKind(random: Random): (typeof KINDS)[number] {
  let ticket = random() * TOTAL_WEIGHT;
  return KINDS.find(({ weight }) => (ticket -= weight) < 0) ?? KINDS[0]!;
}

function pick(random: Random, below: number): number {
  return Math.floor(random() * below);
}

function noise(random: Random, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, () => pick(random, 256));
}

/** mulberry32: small, and the same on every platform, so that a trail can be reproduced. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
