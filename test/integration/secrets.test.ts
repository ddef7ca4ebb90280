import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEMAS } from '../../src/config/schema';
import type { Window } from '../../src/contract/window';
import { HttpProxy } from '../chaos/httpProxy';
import { targetOf } from '../chaos/tcpProxy';
import { AnsweringServer } from '../harness/answeringServer';
import { startApiKeyProxy } from '../harness/apiKeyProxy';
import { AuthServer } from '../harness/authServer';
import { makeAuthority } from '../harness/certificates';
import { runCommand, type Ran } from '../harness/commandLine';
import { uniqueName } from '../harness/deployment';
import { ArgumentSampler } from '../harness/leaks/argumentSampler';
import { LeakSearch } from '../harness/leaks/leakSearch';
import { argumentsOf, filesBelow, readBucket, readHistories, readRows } from '../harness/leaks/leakSources';
import { keepSecret, readSecrets } from '../harness/leaks/secretRegistry';
import { metricsUrl } from '../harness/metricsUrl';
import { Services } from '../harness/services';
import type { TlsProxy } from '../harness/tlsProxy';
import { startTraceCollector, type TraceCollector } from '../harness/traceCollector';
import { vaultAsRoot } from '../harness/vaultAsRoot';

const DAY: Window = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const NEXT_DAY: Window = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-02T23:59:59.999Z' };
const LAST_DAY: Window = { from: '2026-03-03T00:00:00.000Z', to: '2026-03-03T23:59:59.999Z' };

/** A value that nothing may show, and that no other test has. */
const canary = (name: string) => keepSecret(name, `canary-${randomUUID()}`);
const asQuery = (name: string) => `http://127.0.0.1:1/?key=${canary(name)}`;
const userAndPassword = (name: string) => `${canary(`a user in ${name}`)}:${canary(`a password in ${name}`)}`;

/** Every setting that is the address of a server and no secret. */
const ADDRESSES = Object.keys(SCHEMAS).filter((name) =>
  SCHEMAS[name]!.safeParse('http://user:password@127.0.0.1:1').error?.issues.some(
    (issue) => issue.code === 'custom' && issue.params?.['code'] === 'ADDRESS_HAS_CREDENTIALS',
  ),
);

/** Settings of one command with secrets that the servers refuse, and what the command must say. */
const REFUSED: readonly (readonly [what: string, wrong: () => Record<string, string>, codes: string[]])[] = [
  [
    'wrong passwords of all servers',
    () => ({
      S3_SECRET_KEY: canary('a wrong key of storage'),
      VAULT_SECRET_ID: canary('a wrong secret id'),
      MONGODB_URI: mongo.uri('nobody', database, 'admin'),
      TEMPORAL_API_KEY: canary('a wrong API key'),
      JOB_SERVICE_TOKEN: canary('a wrong token of the job service'),
    }),
    ['STORAGE_UNAUTHORIZED', 'SIGNER_UNAUTHORIZED', 'DATABASE_UNAUTHORIZED', 'TEMPORAL_UNAUTHORIZED'],
  ],
  [
    'a session and a token that have ended',
    () => ({
      S3_SESSION_TOKEN: canary('a session token of storage'),
      ...noAppRole,
      VAULT_TOKEN: canary('a token of Vault'),
      TSA_URL: asQuery('a key in TSA_URL'),
    }),
    ['STORAGE_', 'SIGNER_UNAUTHORIZED'],
  ],
  [
    'a session of AWS and a JWT that are refused',
    () => ({
      ...noKey,
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: canary('a secret key of AWS'),
      AWS_SESSION_TOKEN: canary('a session token of AWS'),
      ...noAppRole,
      VAULT_AUTH_METHOD: 'jwt',
      VAULT_ROLE: 'sealer',
      VAULT_JWT: canary('a JWT for Vault'),
    }),
    ['STORAGE_UNAUTHORIZED', 'SIGNER_'],
  ],
  [
    'servers that send back what they get',
    () => ({
      S3_ENDPOINT: echo.url,
      S3_SESSION_TOKEN: canary('another session token of storage'),
      VAULT_ADDR: echo.url,
      JOB_SERVICE_URL: echo.url,
    }),
    ['STORAGE_', 'SIGNER_'],
  ],
  [
    'the role of a container that is refused',
    () => ({
      ...noKey,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${echo.url}/?key=${canary('a key in an address')}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: canary('a token of a container'),
      VAULT_ADDR: echo.url,
      ...noAppRole,
      VAULT_TOKEN: canary('another token of Vault'),
    }),
    ['STORAGE_', 'SIGNER_'],
  ],
  [
    'private keys in another form',
    () => ({ TEMPORAL_TLS_CLIENT_KEY_DATA: canary('a private key of Temporal') }),
    ['TLS_FILE_INVALID'],
  ],
  [
    'a key for payloads of another length',
    () => ({ ...noAppRole, VAULT_TOKEN: vaultAsRoot().token, TEMPORAL_CODEC_SECRET: payloadSecret }),
    ['CONFIG_INVALID'],
  ],
];

const noAppRole = { VAULT_ROLE_ID: '', VAULT_SECRET_ID: '' };
const noKey = { S3_ACCESS_KEY: '', S3_SECRET_KEY: '' };
const database = uniqueName('secrets');
const payloadMount = uniqueName('kv');
const payloadSecret = `${payloadMount}/payloads`;
let mongo: AuthServer;
let echo: AnsweringServer;

/** Answers with an error that quotes the headers and the body of the request, as XML for storage, else as JSON or HTML. */
function sendBack(request: IncomingMessage, response: ServerResponse): void {
  const { headers, url = '' } = request;
  const sent = JSON.stringify([url, headers, echo.received.at(-1)?.body]);
  const status = [400, 403, 500, 502][echo.received.length % 4]!;
  const isS3 = 'x-amz-content-sha256' in headers;
  const xml = `<Error><Code>InvalidToken</Code><Message>refused</Message><Token-0>${sent}</Token-0></Error>`;
  const json = status === 502 ? `<html><body>${sent}</body></html>` : JSON.stringify({ errors: [sent] });
  response.writeHead(status, { 'x-sent': url.slice(0, 200) }).end(isS3 ? xml : json);
}

describe('the secrets of a deployment', () => {
  const sampler = new ArgumentSampler();
  const printed: { readonly name: string; readonly text: string }[] = [];
  const proxies: HttpProxy[] = [];
  let services: Services;
  let temporal: TlsProxy;
  let collector: TraceCollector;
  let jobId = '';

  beforeAll(async () => {
    const authority = makeAuthority();
    const apiKey = canary('an API key of Temporal');
    const temporalPort = Number(process.env['TEMPORAL_ADDRESS']!.split(':').at(-1));
    [mongo, temporal, collector, echo] = await Promise.all([
      AuthServer.start(),
      startApiKeyProxy(temporalPort, authority.issue('temporal', 'serverAuth'), () => apiKey),
      startTraceCollector(),
      AnsweringServer.start(),
    ]);
    echo.answer = sendBack;
    const vault = vaultAsRoot();
    await vault.call('POST', `sys/mounts/${payloadMount}`, { type: 'kv' });
    await vault.call('POST', payloadSecret, { 1: canary('a key for payloads') });
    const [storageUrl, vaultUrl] = await Promise.all([
      proxied('storage', 'S3_ENDPOINT'),
      proxied('vault', 'VAULT_ADDR'),
    ]);
    services = new Services({
      MONGODB_URI: mongo.uri('root', database, 'admin'),
      S3_ENDPOINT: storageUrl,
      VAULT_ADDR: vaultUrl,
      TEMPORAL_ADDRESS: `localhost:${temporal.port}`,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca,
      TEMPORAL_API_KEY: apiKey,
      TEMPORAL_GRPC_META_TENANT_KEY: canary('a header for Temporal'),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${canary('a header for traces')}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      LOG_LEVEL: 'debug',
      DEBUG: '*',
      WORKER_PROCESSES: '1',
      WORKER_HTTP_PORT: '0',
      JOB_SERVICE_METRICS_PORT: '0',
    });
    await services.startSupervised();
    await services.log(20, DAY);
    await services.log(20, NEXT_DAY, 1);
    await services.log(20, LAST_DAY, 2);
  }, 120_000);

  afterAll(async () => {
    sampler.stop();
    await services?.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all([
      echo?.stop(),
      ...[temporal, collector, mongo].map((server) => server?.[Symbol.asyncDispose]()),
    ]);
  });

  async function proxied(role: 'storage' | 'vault', setting: string): Promise<string> {
    const target = targetOf(process.env[setting] ?? '');
    const proxy = new HttpProxy(() => target, role);
    proxies.push(proxy);
    const { host, port } = await proxy.listen();
    return `http://${host}:${port}`;
  }

  async function run(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const reporting = { JOB_SERVICE_URL: services.url, JOB_SERVICE_TOKEN: services.token };
    const ran = await runCommand({ ...process.env, ...services.env, ...reporting, ...more }, ...args);
    printed.push({ name: args.join(' '), text: ran.stdout + ran.stderr });
    return ran;
  }

  async function ask(name: string, url: string, token: string): Promise<number> {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const headers = JSON.stringify([...response.headers]);
    printed.push({ name, text: headers + (await response.text()) });
    return response.status;
  }

  test('are used by a job that succeeds, by jobs that fail, and by every command', async () => {
    jobId = await services.submit(DAY);
    expect(await services.ended(jobId)).toMatchObject({ status: 'succeeded', result: { recordCount: 20 } });
    for (const [index, [window, code]] of [
      [NEXT_DAY, 'STORAGE_UNAUTHORIZED'] as const,
      [LAST_DAY, 'SIGNER_UNAUTHORIZED'] as const,
    ].entries()) {
      proxies[index]!.refuse('denied', () => undefined);
      const refused = await services.submit(Object.assign({ maxAttempts: 1 }, window));
      expect(await services.ended(refused)).toMatchObject({ status: 'failed', error: { code } });
      await ask(`job ${refused}`, `${services.url}/jobs/${refused}`, services.token);
      proxies[index]!.lift();
    }
    const trust = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-secrets-')), 'trust.json');
    expect(await run(['keys', 'export', '--out', trust])).toMatchObject({ code: 0 });
    const verify = ['verify', '--live', '--key', trust];
    const commands = [
      verify,
      ['doctor'],
      ['status'],
      ['list'],
      ['show', jobId],
      ['config', 'show', '--json'],
    ];
    const outputs = await Promise.all(commands.map((args) => run(args)));
    expect(outputs.filter(({ stdout }) => stdout === '')).toEqual([]);
    expect(outputs[0]?.stdout).toContain('VERIFIED');
    expect(await ask('a job without rights', `${services.url}/jobs/${jobId}`, canary('a wrong token'))).toBe(
      401,
    );
    for (const log of [services.workerLog, services.serviceLog])
      expect(await ask('metrics', `${metricsUrl(log)}/metrics`, '')).toBe(200);
  }, 240_000);

  test.each(REFUSED)('are refused by the doctor: %s', async (_what, wrong, codes) => {
    const { code, stdout, stderr } = await run(['doctor'], wrong());
    expect(code).not.toBe(0);
    for (const expected of codes) expect(stdout + stderr).toContain(expected);
  });

  test('are refused at start when they are a user and a password in an address, which the error names', async () => {
    expect(ADDRESSES.length).toBeGreaterThanOrEqual(10);
    const wrong = Object.fromEntries(
      ADDRESSES.map((name) => {
        const login = userAndPassword(name);
        return [
          name,
          name === 'TEMPORAL_ADDRESS' ? `${login}@127.0.0.1:7233` : `http://${login}@127.0.0.1:1`,
        ];
      }),
    );
    const [starts] = await Promise.all([
      Promise.all([run(['worker'], wrong), run(['serve'], wrong)]),
      run(['doctor'], wrong),
      run(['config', 'check'], wrong),
      run(['config', 'show', '--json'], wrong),
    ]);
    for (const { code, stderr } of starts) {
      expect(code).toBe(2);
      expect(stderr).toContain('ADDRESS_HAS_CREDENTIALS');
    }
    const all = starts.map(({ stderr }) => stderr).join('');
    expect(ADDRESSES.filter((name) => !all.includes(`${name} contains a user`))).toEqual([]);
  });

  test('are in no output, argument, history, row, stored object, trace or metric', async () => {
    const search = new LeakSearch(readSecrets(process.env['TEST_RUN_DIRECTORY'] ?? ''), {
      name: 'the control',
      value: jobId,
    });
    printed.push({ name: 'traces', text: JSON.stringify(collector.spans) });
    for (const { name, text } of printed) search.look({ kind: 'output', name, bytes: Buffer.from(text) });
    for (const source of filesBelow('output', services.logs)) search.look(source);
    for (const text of sampler.stop()) search.look(argumentsOf(text));
    for await (const source of readHistories(`TaskQueue = '${services.env['TEMPORAL_TASK_QUEUE']}'`))
      search.look(source);
    for await (const source of readRows(mongo.uri('root', 'admin').replace('/admin?', '/?')))
      search.look(source);
    for (const source of readBucket(process.env['TEST_STACK_DIRECTORY'] ?? '', services.env['S3_BUCKET']!))
      search.look(source);
    expect(search.blindFor(['output', 'arguments', 'history', 'database row', 'stored object'])).toEqual([]);
    expect(search.leaks).toEqual([]);
  }, 120_000);
});
