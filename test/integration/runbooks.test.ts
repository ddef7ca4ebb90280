import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import { runCommand } from '../harness/commandLine';
import { uniqueName } from '../harness/deployment';
import { eventually } from '../harness/eventually';
import { dayWindow } from '../harness/faultPoints';
import { ledgerEntry } from '../harness/ledger';
import { Runbook } from '../harness/runbook';
import { accessDenied, s3Error, startS3Proxy, type S3Proxy, type S3Request } from '../harness/s3Proxy';
import { vaultAsRoot } from '../harness/vaultAsRoot';
import { WorkerHarness, type RunningWorker } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
/** No further attempt begins, so the job ends with the first failure that is not tried again. */
const ONE_ATTEMPT = { totalTimeoutSeconds: 25 };
/** As long as failures that are tried again last. */
const BRIEF = { totalTimeoutSeconds: 4 };
const NOWHERE = '127.0.0.1:1';

const pass = (): undefined => undefined;
type Refuse = (request: S3Request) => ReturnType<typeof s3Error> | 'hang up' | undefined;

/** One deployment that gets into one state after the other; docs/runbooks.md ends each of them. */
describe('the runbooks', () => {
  let refuse: Refuse = pass;
  let proxy: S3Proxy;
  let harness: WorkerHarness;
  let worker: RunningWorker;
  const key = uniqueName('runbooks-');
  let nextDay = 0;

  beforeAll(async () => {
    const vault = vaultAsRoot();
    await vault.createKey(key, { type: 'ed25519' });
    proxy = await startS3Proxy(
      process.env['S3_ENDPOINT']!,
      (_request, answer) => answer,
      (request) => refuse(request),
    );
    harness = await WorkerHarness.open({
      AUDIT_CHUNK_RECORDS: '3',
      S3_ENDPOINT: proxy.url,
      VAULT_TRANSIT_KEY: key,
      VAULT_ROLE_ID: '',
      VAULT_SECRET_ID: '',
      VAULT_TOKEN: vault.token,
    });
    worker = await harness.startWorker();
  }, 240_000);

  afterEach(() => {
    refuse = pass;
  });

  afterAll(async () => {
    await harness?.close();
    await proxy?.[Symbol.asyncDispose]();
  });

  /** A job over the next day, with records. */
  async function nextJob(name: string): Promise<AuditSnapshotInput> {
    const window = dayWindow(nextDay++);
    await harness.log(RECORDS, window, nextDay);
    return { jobId: uniqueName(`${name}-`), ...window };
  }

  /** Resolves to the code with which the run of a job ends. */
  const failureOf = async (input: AuditSnapshotInput): Promise<string> => {
    const error: unknown = await harness.seal(input).catch((thrown: unknown) => thrown);
    return (error as { code: string }).code;
  };

  /** Waits until an activity of the job has failed with this text, and is tried again or has ended its attempt. */
  const activityFailed = (jobId: string, text: string): Promise<void> =>
    eventually(`${text} of ${jobId}`, async () => {
      const handle = harness.client.workflow.getHandle(workflowIdOf(jobId));
      const { pendingActivities } = (await handle.describe()).raw;
      if (pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes(text))) return true;
      const { events } = await handle.fetchHistory();
      return (events ?? []).some(({ activityTaskFailedEventAttributes: failed }) =>
        failed?.failure?.message?.includes(text),
      );
    });

  const status = () => runCommand(harness.env, 'status');

  test('finish a job that began to sign and stopped, so that its window is free', async () => {
    const runbook = new Runbook('A window is reserved by a job that stopped');
    const input = await nextJob('reserved');
    refuse = ({ action, key: name }) =>
      action === 's3:PutObject' && name.endsWith('.sig') ? accessDenied(action) : undefined;
    expect(await failureOf({ ...input, ...ONE_ATTEMPT })).toBe('STORAGE_UNAUTHORIZED');
    refuse = pass;
    const { code, stdout } = await status();
    expect(code).toBe(6);
    expect(stdout).toContain(`job ${input.jobId} began to sign`);
    expect(stdout).toContain(`run audit-snapshot retry ${input.jobId}`);
    const waiting = await harness.snapshots.start({ ...input, jobId: uniqueName('waiting-') });
    await activityFailed(waiting.jobId, 'which began signing and then stopped');

    const retried = await runbook.run(harness.env, / retry /, { jobId: input.jobId });
    expect(retried).toMatchObject({ code: 0, stdout: expect.stringContaining(`sealed ${RECORDS} records`) });
    await expect(waiting.result()).resolves.toMatchObject({ recordCount: 0 });
    expect(runbook.unused).toEqual([]);
    expect(await status()).toMatchObject({ code: 0 });
  }, 180_000);

  test('follow a job whose storage is full until there is space again', async () => {
    const runbook = new Runbook('A disk or a quota is full');
    const { jobId, ...window } = await nextJob('full');
    refuse = ({ action }) => (action === 's3:PutObject' ? s3Error(507, 'InsufficientStorage') : undefined);
    await harness.snapshots.start({ jobId, ...window });
    const watched = runbook.run(harness.env, / watch /, { jobId });
    await activityFailed(jobId, 'storage has no space left');
    await expect(harness.snapshots.attach(jobId).progress()).resolves.toMatchObject({
      retrying: expect.stringContaining('storage has no space left'),
    });
    refuse = pass;
    expect(await watched).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`sealed ${RECORDS} records`),
    });
    expect(runbook.unused).toEqual([]);
  }, 180_000);

  test('name a server that cannot be reached, then the jobs that failed meanwhile', async () => {
    const runbook = new Runbook('A server cannot be reached');
    const unreachable = {
      DATABASE_UNREACHABLE: { MONGODB_URI: `mongodb://${NOWHERE}/audit` },
      STORAGE_UNREACHABLE: { S3_ENDPOINT: `http://${NOWHERE}` },
      SIGNER_UNREACHABLE: { VAULT_ADDR: `http://${NOWHERE}` },
      TEMPORAL_UNREACHABLE: { TEMPORAL_ADDRESS: NOWHERE },
    };
    const named = Object.entries(unreachable).map(async ([code, settings]) => {
      const ran = await runbook.run({ ...harness.env, ...settings }, / doctor$/);
      expect(ran.code).toBe(1);
      expect(ran.stdout).toContain(code);
    });
    await Promise.all(named);

    const input = await nextJob('unreached');
    refuse = () => 'hang up';
    await failureOf({ ...input, ...BRIEF });
    refuse = pass;
    expect(await runbook.run(harness.env, / doctor$/)).toMatchObject({ code: 0 });
    const { code, stdout } = await runbook.run(harness.env, / status$/);
    expect(code).toBe(6);
    const [, retry = ''] = new RegExp(`job ${input.jobId} failed .* run audit-snapshot (.+)$`, 'm').exec(
      stdout,
    )!;
    expect(await runCommand(harness.env, ...retry.split(' '))).toMatchObject({ code: 0 });
    expect(runbook.unused).toEqual([]);
    expect(await status()).toMatchObject({ code: 0 });
  }, 240_000);

  test('remove a ledger entry that nothing proves, and jobs continue', async () => {
    const runbook = new Runbook('The ledger of the database has an entry that nothing proves');
    const ledger = new MongoLedgerSequencer(harness.database, harness.env['AUDIT_ORIGIN']!);
    await ledger.append('snap-job-9', ledgerEntry(9));
    const input = await nextJob('unproven');
    expect(await failureOf(input)).toBe('LEDGER_ENTRY_INVALID');
    expect(await status()).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('LEDGER_ENTRY_INVALID'),
    });
    await worker.stop();
    const repaired = await runbook.run(harness.env, / ledger repair$/);
    expect(repaired).toMatchObject({ code: 0, stdout: expect.stringContaining('snap-job-9') });
    worker = await harness.startWorker();
    expect(await runCommand(harness.env, 'retry', input.jobId)).toMatchObject({ code: 0 });
    expect(runbook.unused).toEqual([]);
    expect(await status()).toMatchObject({ code: 0 });
  }, 180_000);

  test('replace a signing key that may no longer be used, and nothing that it signed is lost', async () => {
    const runbook = new Runbook('A signing key may no longer be used');
    const trust = await runbook.pinKeys(harness.env);
    const { jobId, from, to } = await nextJob('compromised');
    const held = harness.activities.hold(jobId, 'sealManifest', 'after');
    const run = await harness.snapshots.start({ jobId, from, to });
    await held.reached();
    const vault = vaultAsRoot();
    await vault.call('POST', `transit/keys/${key}/rotate`, {});
    await vault.call('POST', `transit/keys/${key}/config`, { min_encryption_version: 2 });
    held.release();
    await activityFailed(jobId, 'may not sign');

    const { size } = await harness.deps.ledger.head();
    const values = { version: '1', size: String(size), jobId, from, to };
    for (const command of [/ keys export /, / keys revoke /, / cancel /, / seal /])
      expect(await runbook.run(harness.env, command, values)).toMatchObject({ code: 0 });
    await expect(run.result()).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
    expect(runbook.unused).toEqual([]);
    const verified = await runCommand(harness.env, 'verify', '--live', '--key', trust);
    expect({ code: verified.code, verdict: verified.stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      verdict: 'VERIFIED',
    });
    expect(await status()).toMatchObject({ code: 0 });
  }, 180_000);
});
