import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { identify } from '../../dev/stack/processIdentity';
import { startProgressLines } from '../../dev/stack/progress';
import { startStack } from '../../dev/stack/stack';
import { cleanStack } from '../../dev/stack/stackCommands';
import { findCheckout } from '../../dev/stack/stackDirectory';
import { keepTestStack, TEST_STACK_NAME } from './testStack';

/** Jest's global setup: real servers with fresh data for this test run, their addresses in the environment of every test file. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export
export default async function startTestStack(): Promise<void> {
  const progress = startProgressLines({ write: (line) => process.stderr.write(`${line}\n`) });
  try {
    await removeEarlierRuns();
    const stack = await startStack({ name: TEST_STACK_NAME, onProgress: progress.report });
    keepTestStack(stack);
    Object.assign(process.env, stack.env, { TEST_STACK_DIRECTORY: stack.dataDir });
  } finally {
    progress.end();
  }
}

/** A run that was killed, or whose setup failed, keeps its logs; the next run removes them. */
async function removeEarlierRuns(): Promise<void> {
  const stacks = join(findCheckout(), '.stack');
  const names = existsSync(stacks) ? readdirSync(stacks) : [];
  for (const name of names) {
    const pid = /^test-(\d+)$/.exec(name)?.[1];
    if (pid === undefined) continue;
    if (Number(pid) === process.pid || identify(Number(pid)) === undefined)
      await cleanStack({ name, force: true });
  }
}
