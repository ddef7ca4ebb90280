/** What verification checks, in order. */
const LAYERS = [
  'manifest',
  'signature',
  'checkpoint',
  'stored bytes',
  'chunks',
  'record hashes',
  'roots',
  'log digest',
] as const;
export type Layer = (typeof LAYERS)[number];

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

export interface VerifyReport {
  readonly snapshotId: string;
  readonly verdict: Verdict;
  /** `self-asserted`: the key came out of the evidence itself, which proves nothing about its origin. */
  readonly key: 'pinned' | 'self-asserted';
  readonly recordCount: number;
  /** Records that were sealed although their own hash did not fit; known before sealing, so no failure now. */
  readonly findingCount: number;
  readonly layers: readonly LayerResult[];
  /** The first failures, in the order they were met. */
  readonly failures: readonly Failure[];
  readonly failureCount: number;
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

  check(layer: Layer, object: string, expected: string, found: string): boolean {
    const holds = expected === found;
    if (holds) this.pass(layer);
    else this.fail({ layer, kind: 'invalid', object, expected, found });
    return holds;
  }

  finish(facts: Pick<VerifyReport, 'snapshotId' | 'key' | 'recordCount' | 'findingCount'>): VerifyReport {
    const layers = LAYERS.map((layer) => ({
      layer,
      passed: this.#passed.get(layer) ?? 0,
      total: this.#total.get(layer) ?? 0,
    }));
    return {
      ...facts,
      verdict: this.#verdict(facts.key),
      layers,
      failures: this.#failures,
      failureCount: this.#failureCount,
    };
  }

  #verdict(key: VerifyReport['key']): Verdict {
    if (this.#failureCount > this.#missing) return 'NOT VERIFIED';
    // What was not looked at is not verified: a manifest, a signature and a checkpoint are always there to be checked.
    const unchecked = (['manifest', 'signature', 'checkpoint', 'roots', 'log digest'] as const).some(
      (layer) => !this.#passed.has(layer),
    );
    if (this.#missing > 0 || unchecked) return 'INCOMPLETE';
    return key === 'pinned' ? 'VERIFIED' : 'INCOMPLETE';
  }
}
