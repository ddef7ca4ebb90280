import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CONFIG = `
[tsa]
default_tsa = one
[one]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
certs = ./ca.pem
signer_digest = sha256
digests = sha256
default_policy = 1.2.3.4.1
ordering = no
tsa_name = no
ess_cert_id_chain = no
[ext]
extendedKeyUsage = critical,timeStamping
`;

/** A small timestamp authority on `openssl ts`, with a certificate of its own. */
export class TimestampAuthority {
  readonly #server: Server;
  readonly directory: string;
  requests = 0;

  private constructor(directory: string) {
    this.directory = directory;
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(
        (reply) => response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(reply),
        () => response.writeHead(500).end(),
      );
    });
  }

  static async start(): Promise<TimestampAuthority> {
    const directory = await mkdtemp(join(tmpdir(), 'audit-snapshot-tsa-'));
    await writeFile(join(directory, 'tsa.cnf'), CONFIG);
    await writeFile(join(directory, 'serial'), '01\n');
    const run = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: directory });
    const newKey = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
    await run(
      'req',
      '-x509',
      ...newKey,
      '-days',
      '30',
      '-subj',
      '/CN=Test CA',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    );
    await run('req', ...newKey, '-subj', '/CN=Test TSA', '-keyout', 'tsa.key', '-out', 'tsa.csr');
    const signing = [
      '-req',
      '-in',
      'tsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '30',
    ];
    await run('x509', ...signing, '-extfile', 'tsa.cnf', '-extensions', 'ext', '-out', 'tsa.pem');
    const authority = new TimestampAuthority(directory);
    authority.#server.listen(0, '127.0.0.1');
    await once(authority.#server, 'listening');
    return authority;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/tsa`;
  }

  /** Throws what openssl says unless the response is a timestamp over the data by this authority. */
  async verify(data: Buffer, response: Buffer): Promise<string> {
    const [dataFile, responseFile] = [join(this.directory, 'data'), join(this.directory, 'response')];
    await writeFile(dataFile, data);
    await writeFile(responseFile, response);
    const args = [
      'ts',
      '-verify',
      '-data',
      dataFile,
      '-in',
      responseFile,
      '-CAfile',
      join(this.directory, 'ca.pem'),
    ];
    const { stdout, stderr } = await promisify(execFile)('openssl', args);
    return `${stdout}${stderr}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: AsyncIterable<Buffer>): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const name = `request-${++this.requests}`;
    await writeFile(join(this.directory, name), Buffer.concat(parts));
    const args = [
      'ts',
      '-reply',
      '-config',
      'tsa.cnf',
      '-section',
      'one',
      '-queryfile',
      name,
      '-out',
      `${name}.tsr`,
    ];
    await promisify(execFile)('openssl', args, { cwd: this.directory });
    return readFile(join(this.directory, `${name}.tsr`));
  }
}
