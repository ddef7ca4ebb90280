import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { readTemporalConfig } from '../../src/config';
import { connectTemporal } from '../../src/temporal/connection';
import { AuditSchedules } from '../../src/temporal/schedules';
import { databaseUri, uniqueName } from '../harness/deployment';
import { eventually } from '../harness/eventually';

const CLI = resolve(__dirname, '../../dist/src/cli/main.js');
const CANARIES = ['canary-user', 'canary-pass'];
const USER = CANARIES.join(':');

type Variables = Readonly<Record<string, string | undefined>>;

/** Runs a command to its end; a command that hangs fails the test. */
async function run(args: readonly string[], env: Variables): Promise<{ code: number | null; text: string }> {
  const child = execFile(process.execPath, [CLI, ...args], { env, timeout: 30_000 });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: string) => parts.push(part));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text: parts.join('') };
}

const ownDeployment = () => {
  const name = uniqueName('settings');
  return { ...process.env, MONGODB_URI: databaseUri(name), TEMPORAL_TASK_QUEUE: name };
};

describe('settings that are wrong', () => {
  test('the job service ends with LISTEN_FAILED when its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const PORT = String((other.address() as AddressInfo).port);
    const env = ownDeployment();
    await run(['indexes', 'create'], env);
    const { code, text } = await run(['serve'], { ...env, PORT, JOB_SERVICE_INSECURE_NO_AUTH: 'true' });
    other.close();
    expect(code).toBe(1);
    expect(text).toContain(`error [LISTEN_FAILED]: the job service cannot listen on 127.0.0.1, port ${PORT}`);
    expect(text).toContain('another process uses this port (EADDRINUSE)');
  });

  test.each([
    ['worker', ['VAULT_ADDR is not set', 'S3_ENDPOINT is not set']],
    ['serve', ['the job service has no authentication']],
  ])('"%s" without settings names every missing group at once', async (command, missing) => {
    const { PATH, HOME } = process.env;
    const { code, text } = await run([command], { PATH, HOME });
    expect(code).toBe(2);
    for (const what of ['MONGODB_URI is not set', 'TEMPORAL_ADDRESS is not set', ...missing])
      expect(text).toContain(what);
  });

  test.each(['S3_ENDPOINT', 'VAULT_ADDR', 'TEMPORAL_ADDRESS', 'TSA_URL', 'JOB_SERVICE_URL'])(
    'a user and a password in %s end the start, and no output contains them',
    async (name) => {
      const address = name === 'TEMPORAL_ADDRESS' ? `${USER}@127.0.0.1:7233` : `http://${USER}@127.0.0.1:1`;
      const start = await run(['worker'], { ...ownDeployment(), [name]: address });
      expect(start.text).toContain('error [ADDRESS_HAS_CREDENTIALS]');
      for (const args of [['worker'], ['doctor'], ['config', 'check'], ['config', 'show', '--json']]) {
        const { text } = await run(args, { ...ownDeployment(), [name]: address });
        for (const canary of CANARIES) expect(text).not.toContain(canary);
      }
    },
  );

  test('the user and the password of MONGODB_URI are in no output when the server rejects them', async () => {
    const uri = new URL(databaseUri(uniqueName('settings')));
    const MONGODB_URI = `${uri.protocol}//${USER}@${uri.host}${uri.pathname}${uri.search}`;
    for (const args of [['worker'], ['serve'], ['doctor'], ['list'], ['status'], ['config', 'show']]) {
      const { text } = await run(args, {
        ...ownDeployment(),
        MONGODB_URI,
        JOB_SERVICE_INSECURE_NO_AUTH: 'true',
        PORT: '0',
      });
      for (const canary of CANARIES) expect(text).not.toContain(canary);
    }
  });
});

describe('schedules of several installations in one namespace', () => {
  test('commands see only the schedules of their own task queue and origin', async () => {
    const first = ownDeployment();
    const sameQueue = { ...first, AUDIT_ORIGIN: 'other.example.com/audit' };
    const otherQueue = ownDeployment();
    const scheduleId = uniqueName('hourly');
    const create = ['schedule', 'create', scheduleId, '--every', '1h', '--paused'];
    expect((await run(create, first)).code).toBe(0);

    await using temporal = await connectTemporal(readTemporalConfig());
    const { TEMPORAL_TASK_QUEUE: queue } = first;
    const own = new AuditSchedules(temporal.client, queue, 'localhost/audit');
    await eventually('the schedule is listed', async () =>
      (await own.list()).some((schedule) => schedule.scheduleId === scheduleId),
    );
    for (const env of [sameQueue, otherQueue]) {
      expect((await run(['schedule', 'list', '--json'], env)).text).toBe('{"schedules":[]}\n');
      for (const args of [['show'], ['pause', '--reason', 'x'], ['resume'], ['trigger'], ['delete']]) {
        const [verb = '', ...rest] = args;
        const { code, text } = await run(['schedule', verb, scheduleId, ...rest], env);
        expect(code).toBe(1);
        expect(text).toContain(`error [SCHEDULE_NOT_FOUND]: schedule ${scheduleId} belongs to task queue`);
      }
      const { text } = await run(create, env);
      expect(text).toContain(`error [SCHEDULE_CONFLICT]: schedule ${scheduleId} belongs to task queue`);
    }
    expect((await run(['schedule', 'delete', scheduleId], first)).code).toBe(0);
  });
});
