/** What verification checks, in order. */
export const SNAPSHOT_LAYERS = [
  'manifest',
  'signature',
  'checkpoint',
  'timestamp',
  'stored bytes',
  'chunks',
  'record hashes',
  'roots',
  'log digest',
  'ledger inclusion',
  'retention',
] as const;
export const LEDGER_LAYERS = [
  'ledger checkpoint',
  'ledger entries',
  'ledger tiles',
  'ledger root',
  'ledger consistency',
] as const;
export const PROOF_LAYERS = ['record', 'record proof', 'ledger entry', 'ledger proof'] as const;
export const COVERAGE_LAYERS = ['coverage'] as const;
export const LISTING_LAYERS = ['listing'] as const;
export type Layer =
  | (typeof SNAPSHOT_LAYERS)[number]
  | (typeof LEDGER_LAYERS)[number]
  | (typeof PROOF_LAYERS)[number]
  | (typeof COVERAGE_LAYERS)[number]
  | (typeof LISTING_LAYERS)[number];

/** One thing that does not hold: which object (a key, or a record with its place), what was expected and what was found. */
export interface Failure {
  readonly layer: Layer;
  readonly kind: 'invalid' | 'missing';
  readonly object: string;
  readonly expected: string;
  readonly found: string;
}

interface LayerResult {
  readonly layer: Layer;
  readonly passed: number;
  readonly total: number;
}

export type Verdict = 'VERIFIED' | 'NOT VERIFIED' | 'INCOMPLETE';

/** `self-asserted`: the key came out of the evidence itself, which proves nothing about its origin. */
export type KeyTrust = 'pinned' | 'self-asserted';

/** What was checked of one thing, and what of it held. */
export interface Checked {
  readonly verdict: Verdict;
  readonly key: KeyTrust;
  readonly layers: readonly LayerResult[];
  /** The first failures, in the order they were met. */
  readonly failures: readonly Failure[];
  readonly failureCount: number;
}

/** Report on one snapshot. */
export interface VerifyReport extends Checked {
  readonly snapshotId: string;
  readonly recordCount: number;
  /** Records that were sealed although their own hash did not fit; known before sealing, so no failure now. */
  readonly findingCount: number;
}

/** Several verdicts as one: what is invalid outweighs what is missing. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('NOT VERIFIED')) return 'NOT VERIFIED';
  // Nothing checked is never a success.
  return verdicts.length === 0 || verdicts.includes('INCOMPLETE') ? 'INCOMPLETE' : 'VERIFIED';
}

/** Gathers what was checked; the verdict follows from it alone. */
export class ReportBuilder {
  readonly #passed = new Map<Layer, number>();
  readonly #total = new Map<Layer, number>();
  readonly #failures: Failure[] = [];
  readonly #maxFailures: number;
  #failureCount = 0;
  #missing = 0;

  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures;
  }

  /** Counts `count` things to check, of which all held. */
  pass(layer: Layer, count = 1): void {
    this.#passed.set(layer, (this.#passed.get(layer) ?? 0) + count);
    this.#total.set(layer, (this.#total.get(layer) ?? 0) + count);
  }

  fail(failure: Failure): void {
    this.#total.set(failure.layer, (this.#total.get(failure.layer) ?? 0) + 1);
    this.#failureCount++;
    if (failure.kind === 'missing') this.#missing++;
    if (this.#failures.length < this.#maxFailures) this.#failures.push(failure);
  }

  missing(layer: Layer, object: string, expected = 'an object'): void {
    this.fail({ layer, kind: 'missing', object, expected, found: 'nothing' });
  }

  check(layer: Layer, object: string, expected: string, found: string): boolean {
    const holds = expected === found;
    if (holds) this.pass(layer);
    else this.fail({ layer, kind: 'invalid', object, expected, found });
    return holds;
  }

  /** `required` are the layers of which at least one check must have held: what was not looked at is not verified. */
  finish(key: KeyTrust, layers: readonly Layer[], required: readonly Layer[]): Checked {
    return {
      verdict: this.#verdict(key, required),
      key,
      layers: layers.map((layer) => this.#resultOf(layer)).filter(isShown),
      failures: this.#failures,
      failureCount: this.#failureCount,
    };
  }

  #resultOf(layer: Layer): LayerResult {
    return { layer, passed: this.#passed.get(layer) ?? 0, total: this.#total.get(layer) ?? 0 };
  }

  #verdict(key: KeyTrust, required: readonly Layer[]): Verdict {
    if (this.#failureCount > this.#missing) return 'NOT VERIFIED';
    const unchecked = required.some((layer) => !this.#passed.has(layer));
    if (this.#missing > 0 || unchecked) return 'INCOMPLETE';
    return key === 'pinned' ? 'VERIFIED' : 'INCOMPLETE';
  }
}

/** A timestamp is there only where an authority was asked; every other layer says so when nothing of it was checked. */
function isShown({ layer, total }: LayerResult): boolean {
  return layer !== 'timestamp' || total > 0;
}
