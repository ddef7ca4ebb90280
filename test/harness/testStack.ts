import type { RunningStack } from '../../dev/stack/stack';

/** Jest runs setup and teardown in one process, so what the one started the other finds here. */
let running: RunningStack | undefined;

/** Remembers the stack of this test run. */
export function keepTestStack(stack: RunningStack): void {
  running = stack;
}

/** The stack of this test run; undefined when its start failed. */
export function testStack(): RunningStack | undefined {
  return running;
}

/** One run, one stack: two test runs in the same checkout do not meet. */
export const TEST_STACK_NAME = `test-${process.pid}`;
