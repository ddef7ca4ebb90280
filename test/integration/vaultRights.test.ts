import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readVaultConfig } from '../../src/config';
import { snapshotIdOf } from '../../src/contract/names';
import { manifestSignatureKey } from '../../src/evidence/objectKeys';
import { connectSigner } from '../../src/vault/vaultSigner';
import { databaseUri, uniqueName } from '../harness/deployment';
import { FakeDeps } from '../harness/fakeDeps';
import { InProcessRun } from '../harness/inProcessEngine';
import { keepSecret } from '../harness/leaks/secretRegistry';
import { rightsOfPage } from '../harness/rightsPage';
import { vaultAsRoot } from '../harness/vaultAsRoot';

const DIST = resolve(__dirname, '../../dist/src');
const INPUT = { jobId: 'day-one', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const SNAPSHOT = snapshotIdOf(INPUT.jobId);

/** The rules of a policy in deploy/vault, each by the path that it is about. */
function rulesOf(file: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(__dirname, '../../deploy/vault', file), 'utf8');
  const rules = text.match(/^path [^}]+\}$/gm) ?? [];
  return new Map(rules.map((rule) => [/"(.+?)"/.exec(rule)![1]!, rule]));
}

const pathOf = (right: string) => right.replace(/^\w+ on /, '');

/** A token whose policy can be replaced while it is in use. */
async function tokenWith(rules: readonly string[]) {
  const vault = vaultAsRoot();
  const policy = `policy-${randomUUID().slice(0, 8)}`;
  const replace = (kept: readonly string[]) =>
    vault.call('POST', `sys/policies/acl/${policy}`, { policy: kept.join('\n') || ' ' });
  await replace(rules);
  const created = await vault.call('POST', 'auth/token/create', { policies: [policy], ttl: '10m' });
  const { client_token: token } = (created as { auth: { client_token: string } }).auth;
  return { token: keepSecret('a token of Vault', token), replace };
}

describe('a right of the policy in Vault that is removed while its worker runs', () => {
  const rules = rulesOf('policy.hcl');

  test.each(rightsOfPage('policy.hcl'))(
    '$right: the job ends with $code, nothing is signed, its window is free',
    async ({ right, code }) => {
      const { token, replace } = await tokenWith([...rules.values()]);
      const signer = await connectSigner({ ...readVaultConfig(), credentials: { token } });
      const fakes = new FakeDeps();
      fakes.logEntries(3);
      const deps = Object.assign({}, fakes, { signer });
      await replace([...rules].filter(([path]) => path !== pathOf(right)).map(([, rule]) => rule));
      const run = new InProcessRun(deps, { maxAttempts: 1 }).run({ ...INPUT, maxAttempts: 1 });
      await expect(run).rejects.toMatchObject({ type: code });
      expect(fakes.store.keys()).not.toContain(manifestSignatureKey(SNAPSHOT));
      await expect(fakes.leases.find(SNAPSHOT)).resolves.toBeUndefined();
      expect(fakes.records.markCounts.size).toBe(0);
    },
  );
});

const run = async (args: readonly string[], token: string) => {
  const name = uniqueName('payloads');
  const own = {
    MONGODB_URI: databaseUri(name),
    TEMPORAL_TASK_QUEUE: name,
    VAULT_ROLE_ID: '',
    VAULT_SECRET_ID: '',
  };
  const codec = {
    TEMPORAL_CODEC_SECRET: 'secret/data/audit-snapshot',
    JOB_SERVICE_INSECURE_NO_AUTH: 'true',
    PORT: '0',
  };
  const env = { ...process.env, ...own, ...codec, VAULT_TOKEN: token };
  return promisify(execFile)(process.execPath, [...args], { env, timeout: 60_000 }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: unknown) => error as { readonly code: number; readonly stderr: string },
  );
};

describe('the policy for the keys of payloads', () => {
  const rules = [...rulesOf('policy.hcl').values(), ...rulesOf('payload-keys.hcl').values()];
  const PROCESSES: Readonly<Record<string, readonly string[]>> = {
    'start of worker': [join(DIST, 'worker/process.js')],
    'start of serve': [join(DIST, 'cli/main.js'), 'serve'],
    'schedule list': [join(DIST, 'cli/main.js'), 'schedule', 'list'],
  };

  beforeAll(async () => {
    const vault = vaultAsRoot();
    // The path of the policy: a KV engine of version 2 at secret/.
    await vault
      .call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
      .catch(() => undefined);
    const key = keepSecret('a key for payloads', randomBytes(32).toString('base64'));
    await vault.call('POST', 'secret/data/audit-snapshot', { data: { 1: key } });
  });

  test('is enough to read schedules', async () => {
    const { token } = await tokenWith(rules);
    await expect(run(PROCESSES['schedule list']!, token)).resolves.toMatchObject({ code: 0 });
  });

  test.each(rightsOfPage('payload-keys.hcl'))(
    'without $right, "$noticedBy" ends with $code and exit code $exitCode',
    async ({ right, noticedBy, code, exitCode }) => {
      const { token } = await tokenWith([...rulesOf('policy.hcl').values()]);
      const ended = await run(PROCESSES[noticedBy]!, token);
      expect(ended.stderr).toMatch(new RegExp(`error \\[${code}\\]: .*${right}`));
      expect(ended.code).toBe(exitCode);
    },
  );
});
