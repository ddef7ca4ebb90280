import type { Progress } from '../../src/contract/snapshot';
import type { EvidenceReport } from '../../src/verify/verifyEvidence';

/** How far a step is, shown until it is disposed of. Counts are records. */
export interface DemoProgress extends Disposable {
  readonly update: (stage: string, done: number, total: number | undefined) => void;
  readonly updateRun: (progress: Progress) => void;
}

/** How the demo shows what it does; the command line passes it in, so that `dev/` does not depend on it. */
export interface DemoOutput {
  /** What a step found. */
  readonly result: (text: string) => void;
  /** What is happening. */
  readonly note: (text: string) => void;
  readonly showProgress: () => DemoProgress;
  /** A verification as `audit-snapshot verify` prints it. */
  readonly describeEvidence: (report: EvidenceReport) => string;
  /** Called once, with the outcome of the whole demo. */
  readonly report: (report: DemoReport) => void;
}

interface DemoReport {
  /** True when every step did what it is there to show. */
  readonly passed: boolean;
  /** Of each step, by its name. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly [fact: string]: unknown;
}
