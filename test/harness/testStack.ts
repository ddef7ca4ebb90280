import type { RunningStack } from '../../dev/stack/stack';
import type { ArgumentSampler } from './leaks/argumentSampler';

interface TestRun {
  readonly stack: RunningStack;
  /** Where the secrets and the output of the run are kept. */
  readonly directory: string;
  readonly sampler: ArgumentSampler;
}

/** Jest runs setup and teardown in one process, so the teardown finds here what the setup started. */
let running: TestRun | undefined;

/** Stores what belongs to this test run. */
export function keepTestRun(run: TestRun): void {
  running = run;
}

/** What the setup of this test run stored; undefined when the start of the stack failed. */
export function testRun(): TestRun | undefined {
  return running;
}

/** One stack a run: two test runs in the same checkout share none. */
export const TEST_STACK_NAME = `test-${process.pid}`;
