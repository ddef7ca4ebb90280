import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { AuditSnapshotClient, isSnapshotError } from '../../src/client';
import { startApiKeyProxy } from '../harness/apiKeyProxy';
import { makeAuthority } from '../harness/certificates';
import { eventually } from '../harness/eventually';
import { registerNamespace } from '../harness/freshNamespace';
import { keepSecret } from '../harness/leaks/secretRegistry';
import { Services } from '../harness/services';
import { startTlsProxy, type TlsProxy } from '../harness/tlsProxy';

const run = promisify(execFile);
const CLI = resolve(__dirname, '../../dist/src/cli/main.js');
const WORKER = resolve(__dirname, '../../dist/src/worker/process.js');
const KEY = keepSecret('an API key of Temporal', 'an-api-key-that-nobody-may-see');
const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };

const authority = makeAuthority();
const server = authority.issue('temporal', 'serverAuth');
const client = authority.issue('worker', 'clientAuth');
const ofAnotherAuthority = makeAuthority().issue('worker', 'clientAuth');
const trusting = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca };
const withCertificate = ({ cert, key }: typeof client) => ({
  ...trusting,
  TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
  TEMPORAL_TLS_CLIENT_KEY_PATH: key,
});

const temporalPort = () => Number(process.env['TEMPORAL_ADDRESS']!.split(':').at(-1));
let currentKey = KEY;
let mutual: TlsProxy;
let withKey: TlsProxy;

beforeAll(async () => {
  mutual = await startTlsProxy(temporalPort(), server, { clientCa: authority.ca, protocols: ['h2'] });
  withKey = await startApiKeyProxy(temporalPort(), server, () => currentKey);
});

afterAll(async () => {
  await mutual?.[Symbol.asyncDispose]();
  await withKey?.[Symbol.asyncDispose]();
});

const at = ({ port }: TlsProxy) => ({ TEMPORAL_ADDRESS: `localhost:${port}` });

/** The outcome of a process that ends by itself. */
async function outcomeOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  return run(process.execPath, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

const ways = [
  ['mutual TLS with a private authority', () => ({ ...at(mutual), ...withCertificate(client) })],
  ['an API key over TLS', () => ({ ...at(withKey), ...trusting, TEMPORAL_API_KEY: KEY })],
] as const;

describe.each(ways)('Temporal with %s', (_name, settings) => {
  test('worker, job service and command line seal a window', async () => {
    const services = new Services(settings());
    try {
      await services.start();
      await services.log(10, DAY);
      const job = await services.ended(await services.submit(DAY));
      expect(job).toMatchObject({ status: 'succeeded', result: { recordCount: 10 } });
      const listed = await outcomeOf([CLI, 'list', '--json'], services.env);
      expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(job.jobId) });
    } finally {
      await services.stop();
    }
  });

  test('the client library connects with the standard variables', async () => {
    const before = { ...process.env };
    Object.assign(process.env, settings());
    try {
      await using snapshots = await AuditSnapshotClient.connect();
      await expect(snapshots.attach('nowhere').describe()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    } finally {
      process.env = before;
    }
  });
});

describe('a worker that Temporal does not accept', () => {
  test.each([
    ['no client certificate', () => ({ ...at(mutual), ...trusting }), 'TEMPORAL_UNREACHABLE', 'TLS'],
    [
      'a client certificate of another authority',
      () => ({ ...at(mutual), ...withCertificate(ofAnotherAuthority) }),
      'TEMPORAL_UNREACHABLE',
      'TLS with a client certificate',
    ],
    ['no TLS', () => at(mutual), 'TEMPORAL_UNREACHABLE', 'without TLS'],
    [
      'an authority that it does not trust',
      () => ({ ...at(withKey), TEMPORAL_API_KEY: KEY }),
      'TEMPORAL_UNREACHABLE',
      'TLS',
    ],
    [
      'a wrong API key',
      () => ({ ...at(withKey), ...trusting, TEMPORAL_API_KEY: 'wrong-api-key' }),
      'TEMPORAL_UNAUTHORIZED',
      'with an API key',
    ],
    ['no API key', () => ({ ...at(withKey), ...trusting }), 'TEMPORAL_UNAUTHORIZED', 'access denied'],
  ])('because of %s ends with its code, and shows no secret', async (_what, settings, code, text) => {
    const { code: exitCode, stderr } = await outcomeOf([WORKER], settings());
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`error \\[${code}\\]: .*${text}`));
    expect(stderr).not.toMatch(/an-api-key|wrong-api-key/);
  });
});

describe('a namespace without search attributes', () => {
  const namespace = `bare-${process.pid}`;

  beforeAll(() => registerNamespace(namespace));

  test('ends the start of a worker with the command that registers them, and gives a client the same code', async () => {
    const { code, stderr } = await outcomeOf([WORKER], { TEMPORAL_NAMESPACE: namespace });
    expect(code).toBe(1);
    expect(stderr).toContain('error [SEARCH_ATTRIBUTES_MISSING]: ');
    expect(stderr).toContain(`temporal operator search-attribute create --namespace ${namespace}`);
    await using snapshots = await AuditSnapshotClient.connect({
      address: process.env['TEMPORAL_ADDRESS']!,
      namespace,
    });
    // The server knows a new namespace only after some seconds.
    let refused: unknown;
    await eventually('a refusal because of search attributes', async () => {
      refused = await snapshots.submit(DAY).catch((error: unknown) => error);
      return isSnapshotError(refused, 'SEARCH_ATTRIBUTES_MISSING');
    });
    expect(refused).toMatchObject({ message: expect.stringContaining('doctor --fix') });
  });
});
