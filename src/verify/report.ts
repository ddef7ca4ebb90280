import { printable } from '../evidence/printable';

/** What verification checks, in order. */
export const SNAPSHOT_LAYERS = [
  'manifest',
  'signature',
  'checkpoint',
  'timestamp',
  'stored bytes',
  'chunks',
  'records',
  'record hashes',
  'roots',
  'log digest',
  'late records',
  'ledger inclusion',
  'retention',
] as const;
export const LEDGER_LAYERS = [
  'ledger checkpoint',
  'ledger entries',
  'ledger tiles',
  'ledger root',
  'ledger versions',
  'ledger consistency',
  'ledger retention',
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

/** Failures that a report lists when nothing else is asked for; all are counted. */
const DEFAULT_MAX_FAILURES = 20;

/** One check that did not hold: of which object (a key, or a record with its index), what was expected, what was found. */
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

/** `self-asserted`: the key was taken from the evidence itself, which proves nothing about its origin. */
export type KeyTrust = 'pinned' | 'self-asserted';

/** What every report has: the verdict, and the checks it follows from. */
export interface Checked {
  readonly verdict: Verdict;
  readonly key: KeyTrust;
  readonly layers: readonly LayerResult[];
  /** The first failures, in the order of the checks. */
  readonly failures: readonly Failure[];
  readonly failureCount: number;
  /** What was seen and is no failure, one sentence each: foreign files, unfinished snapshots. */
  readonly notes: readonly string[];
}

/** The verdict on one question, or that nobody asked it. */
export type Answer = Verdict | 'not asked';

/** The three questions of a verification. Each has its own verdict; the headline is the worst of those that were asked. */
export interface Questions {
  /** Is what was sealed unchanged and complete? */
  readonly evidence: Answer;
  /** Is the log time sealed without a gap? */
  readonly coverage: Answer;
  /** Are the records in the database still those that were sealed? */
  readonly live: Answer;
}

/** The worst verdict of the questions that were asked. */
export function headlineOf(questions: Questions): Verdict {
  const { evidence, coverage, live } = questions;
  return worstVerdict([evidence, coverage, live].filter((answer) => answer !== 'not asked'));
}

/** Whether the signature layer of a snapshot holds: only then its manifest says anything. */
export function isSigned({ layers }: Pick<Checked, 'layers'>): boolean {
  const signature = layers.find(({ layer }) => layer === 'signature');
  return signature !== undefined && signature.passed > 0 && signature.passed === signature.total;
}

/** Several verdicts as one: what is invalid outweighs what is missing. No verdicts are INCOMPLETE, never a success. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('NOT VERIFIED')) return 'NOT VERIFIED';
  return verdicts.length === 0 || verdicts.includes('INCOMPLETE') ? 'INCOMPLETE' : 'VERIFIED';
}

/** Collects checks; the verdict follows from them alone. */
export class ReportBuilder {
  readonly #passed = new Map<Layer, number>();
  readonly #total = new Map<Layer, number>();
  readonly #failures: Failure[] = [];
  readonly #notes: string[] = [];
  readonly #maxFailures: number;
  #failureCount = 0;
  #missingCount = 0;

  constructor(maxFailures = DEFAULT_MAX_FAILURES) {
    this.#maxFailures = maxFailures;
  }

  /** Counts checks that held, one unless `count` is given. */
  pass(layer: Layer, count = 1): void {
    this.#passed.set(layer, (this.#passed.get(layer) ?? 0) + count);
    this.#total.set(layer, (this.#total.get(layer) ?? 0) + count);
  }

  /** Counts an object that is not what it should be. */
  invalid(layer: Layer, object: string, expected: string, found: string): void {
    this.#fail({ layer, kind: 'invalid', object, expected, found });
  }

  /** Counts an object that does not exist, or that cannot be judged with what the verifier knows. */
  missing(layer: Layer, object: string, expected = 'an object', found = 'nothing'): void {
    this.#missingCount++;
    this.#fail({ layer, kind: 'missing', object, expected, found });
  }

  /** Names what was seen and is no failure. */
  note(text: string): void {
    this.#notes.push(printable(text));
  }

  /** Counts a comparison, and returns whether both sides are equal. */
  check(layer: Layer, object: string, expected: string, found: string): boolean {
    const holds = expected === found;
    if (holds) this.pass(layer);
    else this.invalid(layer, object, expected, found);
    return holds;
  }

  /** The report on `layers`. Of each layer in `required` at least one check must have held for VERIFIED. */
  finish(key: KeyTrust, layers: readonly Layer[], required: readonly Layer[]): Checked {
    return {
      verdict: this.#verdict(key, required),
      key,
      layers: layers.map((layer) => this.#resultOf(layer)).filter(isShown),
      failures: this.#failures,
      failureCount: this.#failureCount,
      notes: limitNotes(this.#notes, this.#maxFailures),
    };
  }

  #fail(failure: Failure): void {
    this.#total.set(failure.layer, (this.#total.get(failure.layer) ?? 0) + 1);
    this.#failureCount++;
    if (this.#failures.length < this.#maxFailures) this.#failures.push(printableFailure(failure));
  }

  #resultOf(layer: Layer): LayerResult {
    return { layer, passed: this.#passed.get(layer) ?? 0, total: this.#total.get(layer) ?? 0 };
  }

  #verdict(key: KeyTrust, required: readonly Layer[]): Verdict {
    if (this.#failureCount > this.#missingCount) return 'NOT VERIFIED';
    const unchecked = required.some((layer) => !this.#passed.has(layer));
    if (this.#missingCount > 0 || unchecked) return 'INCOMPLETE';
    return key === 'pinned' ? 'VERIFIED' : 'INCOMPLETE';
  }
}

/** Each note once, the first `max` of them, then how many more there are. */
export function limitNotes(notes: readonly string[], max: number): readonly string[] {
  const distinct = [...new Set(notes)];
  if (distinct.length <= max) return distinct;
  return [...distinct.slice(0, max), `… and ${distinct.length - max} more notes`];
}

/** A timestamp exists only where an authority was asked. Every other layer is listed even when nothing of it was checked. */
function isShown({ layer, total }: LayerResult): boolean {
  return layer !== 'timestamp' || total > 0;
}

/** Names and values come from evidence, which may hold anything. */
function printableFailure({ layer, kind, object, expected, found }: Failure): Failure {
  return { layer, kind, object: printable(object), expected: printable(expected), found: printable(found) };
}
