import type { RunningStack } from '../../dev/stack/stack';

/** Jest runs setup and teardown in one process, so the teardown finds here what the setup started. */
let running: RunningStack | undefined;

/** Stores the stack of this test run. */
export function keepTestStack(stack: RunningStack): void {
  running = stack;
}

/** The stack of this test run; undefined when its start failed. */
export function testStack(): RunningStack | undefined {
  return running;
}

/** One stack a run: two test runs in the same checkout share none. */
export const TEST_STACK_NAME = `test-${process.pid}`;
