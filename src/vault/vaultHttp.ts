import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import nodeVault from 'node-vault';
import type { VaultConfig } from '../config/vault';
import { SnapshotError } from '../errors';

/** A call has this long from its first byte to its last. */
const DEADLINE_MS = 10_000;

export type VaultServer = Pick<VaultConfig, 'address' | 'namespace' | 'caFile'>;

/** One call of Vault's HTTP API. */
export interface VaultCall {
  readonly method: 'read' | 'write';
  /** Below `/v1/`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Sends calls with the token that is given; an empty one for a login. */
export interface VaultSender {
  send(token: string, call: VaultCall): Promise<unknown>;
}

/** Makes calls to one server and namespace, each on its own connection. Failures are those of node-vault, or a deadline. */
export class VaultHttp implements VaultSender {
  readonly #server: VaultServer;
  readonly #deadlineMs: number;

  constructor(server: VaultServer, deadlineMs = DEADLINE_MS) {
    this.#server = server;
    this.#deadlineMs = deadlineMs;
  }

  /** TLS_FILE_INVALID, or what node-vault rejects with. */
  async send(token: string, { method, path, body = {} }: VaultCall): Promise<unknown> {
    // The file is read for each connection, so a renewed CA certificate needs no restart.
    const ca = readCertificates(this.#server.caFile);
    const agents = {
      httpAgent: new HttpAgent(),
      // The library turns the check of certificates off when VAULT_SKIP_VERIFY is set; an agent of our own does not.
      httpsAgent: new HttpsAgent({ rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }),
    };
    const vault = this.#open(token);
    try {
      return await withDeadline(
        method === 'read' ? vault.read(path, agents) : vault.write(path, body, agents),
        this.#deadlineMs,
      );
    } finally {
      // Closes the connection also when the answer did not arrive in time.
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    }
  }

  #open(token: string): nodeVault.client {
    const { address, namespace = '' } = this.#server;
    const vault = nodeVault({
      endpoint: address,
      // The library's own debug output would print secrets (DEBUG=node-vault).
      debug: () => undefined,
    });
    // Assigned, not passed: for an empty option the library would read the environment.
    return Object.assign(vault, { token, namespace, pathPrefix: '' });
  }
}

/** The certificates of a PEM file, undefined without a file; TLS_FILE_INVALID when it has none. */
export function readCertificates(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    // Node.js ignores a text without certificates, and would then accept none.
    void new X509Certificate(pem);
    return pem;
  } catch {
    const message = `VAULT_CACERT: ${path} is not a readable file with a certificate in PEM form`;
    throw new SnapshotError('TLS_FILE_INVALID', message);
  }
}

async function withDeadline<T>(answer: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const late = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(late), deadlineMs);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
