import { rmSync } from 'node:fs';
import { cleanStack } from '../../dev/stack/stackCommands';
import { findLeaks } from './leaks/findLeaks';
import { TEST_STACK_NAME, testRun } from './testStack';

/**
 * Jest's global teardown: no secret of this test run is in anything that it wrote, and no process and no data of it remain.
 * Each leak counts as a failed test (summaryReporter.cjs).
 */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export
export default async function stopTestStack(): Promise<void> {
  const run = testRun();
  try {
    if (run) await requireNoLeaks(run);
  } finally {
    await run?.stack.stop();
    await cleanStack({ name: TEST_STACK_NAME, force: true });
    if (run) rmSync(run.directory, { recursive: true, force: true });
  }
}

async function requireNoLeaks({
  stack,
  directory,
  sampler,
}: NonNullable<ReturnType<typeof testRun>>): Promise<void> {
  const startedAtMs = performance.now();
  // Until the search has ended: one that fails proves nothing.
  process.env['TEST_TEARDOWN_FAILURES'] = '1';
  const directories = { run: directory, stack: stack.dataDir };
  const { leaks, summary } = await findLeaks(stack.env, directories, () => sampler.stop());
  process.env['TEST_TEARDOWN_FAILURES'] = String(leaks.length);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  process.stderr.write(`\n${summary} (${seconds} s)\n`);
  if (leaks.length > 0) throw new Error(`secrets are in what the test run wrote:\n${leaks.join('\n')}`);
}
