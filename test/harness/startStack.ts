import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../dev/stack/processIdentity';
import type { Variables } from '../../dev/stack/serverName';
import { startProgressLines } from '../../dev/stack/progress';
import { startStack } from '../../dev/stack/stack';
import { cleanStack } from '../../dev/stack/stackCommands';
import { findCheckout } from '../../dev/stack/stackDirectory';
import { SECRETS } from '../../src/config/schema';
import { ArgumentSampler } from './leaks/argumentSampler';
import { createRunDirectory, keepSecret } from './leaks/secretRegistry';
import { keepTestRun, TEST_STACK_NAME } from './testStack';

/** Jest's global setup: real servers with fresh data for this test run, their addresses in the environment of every test file. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export
export default async function startTestStack(): Promise<void> {
  const progress = startProgressLines({ write: (line) => process.stderr.write(`${line}\n`) });
  try {
    await removeEarlierRuns();
    const stack = await startStack({ name: TEST_STACK_NAME, onProgress: progress.report });
    const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-run-'));
    createRunDirectory(directory);
    keepTestRun({ stack, directory, sampler: new ArgumentSampler() });
    Object.assign(process.env, stack.env, { TEST_STACK_DIRECTORY: stack.dataDir });
    keepStackSecrets(stack.env, stack.dataDir);
    // For the test files and all that they start: what they print is searched for secrets at the end.
    process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} -r "${RECORDER}"`.trim();
  } finally {
    progress.end();
  }
}

const RECORDER = join(__dirname, 'leaks', 'recordOutput.cjs');

function keepStackSecrets(env: Variables, stackDirectory: string): void {
  for (const name of SECRETS) {
    const value = env[name];
    // The URI of the stack has no password.
    if (value !== undefined && name !== 'MONGODB_URI') keepSecret(name, value);
  }
  const file = join(stackDirectory, 'bao', 'keys.json');
  if (!existsSync(file)) return;
  const keys = JSON.parse(readFileSync(file, 'utf8')) as { rootToken: string; unsealKey: string };
  keepSecret('the root token of Vault', keys.rootToken);
  keepSecret('the unseal key of Vault', keys.unsealKey);
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
