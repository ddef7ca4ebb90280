import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AnsweringServer } from '../../harness/answeringServer';

const ROOT = join(__dirname, '../../..');
const HOOK = join(ROOT, 'test/harness/runTypeScript.cjs');
const DEADLINES = '{ connectMs: 5000, idleMs: 5000, requestMs: 5000 }';

/** Requests that carry secrets in their headers. */
const REQUESTS = {
  'to Vault': `
    const { VaultHttp } = require('./src/vault/vaultHttp');
    return new VaultHttp({ address: url }).send('canary-token', { method: 'read', path: 'x' });`,
  'to storage, with a session token': `
    const { connectObjectStore } = require('./src/storage/minioObjectStore');
    const none = { webIdentity: undefined, container: undefined, instanceUrl: undefined };
    const keys = { accessKey: 'a', secretKey: 'canary-secret', sessionToken: 'canary-token' };
    const place = { endpoint: url, bucket: 'bucket', region: 'us-east-1', pathStyle: true };
    const config = { ...place, ...keys, aws: none, deadlines: ${DEADLINES} };
    return connectObjectStore(config).get('key', 10);`,
  'to a source of credentials': `
    const { exchange } = require('./src/net/exchange');
    const headers = { authorization: 'canary-token' };
    return exchange(new URL(url), { method: 'GET', headers, deadlines: ${DEADLINES}, maxBytes: 99 });`,
  'to the job service': `
    const { httpJobReporter } = require('./src/jobs/httpJobReporter');
    return httpJobReporter(url, () => 'canary-token').report('j', { status: 'failed', code: 'X', reason: 'x' });`,
};

test.each(Object.entries(REQUESTS))(
  'a request %s shows no secret in the debug output of Node.js and its libraries',
  async (_to, request) => {
    const server = await AnsweringServer.start();
    server.answer = (_request, response) =>
      response.writeHead(200, { 'x-amz-version-id': 'v', 'content-type': 'application/json' }).end('{}');
    const script = `const url = ${JSON.stringify(server.url)}; (async () => {${request}})().then(() => process.exit());`;
    const env = { ...process.env, NODE_DEBUG: 'http,https,net,tls,undici,fetch', DEBUG: '*' };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-r', HOOK, '-e', script], {
      cwd: ROOT,
      env,
      maxBuffer: 2 ** 26,
    });
    await server.stop();
    // The request was sent with its secret, and Node.js printed something about it.
    expect(JSON.stringify(server.received[0]!.headers)).toContain('canary-token');
    expect(stderr.length).toBeGreaterThan(100);
    expect(`${stdout}${stderr}`).not.toContain('canary');
  },
);
