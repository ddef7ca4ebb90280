import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import nodeVault from 'node-vault';
import type { VaultConfig } from '../config/vault';
import { SnapshotError } from '../errors';
import { exchange, type Answer } from '../net/exchange';

/** A call has this long from its first byte to its last. */
const DEADLINE_MS = 10_000;
/** A key with thousands of versions is smaller. */
const MAX_RESPONSE_BYTES = 1 << 22;
/** With these statuses, a standby node names the active node. */
const REDIRECTS: ReadonlySet<number> = new Set([307, 308]);
/** Statuses below 500 that are temporary whatever the body is. */
const TEMPORARY_CLIENT_ERRORS: ReadonlySet<number> = new Set([408, 412, 429, 472, 473]);

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

/** What node-vault asks its HTTP client for. */
interface LibraryRequest {
  readonly method: 'GET' | 'POST';
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: object;
}

/**
 * Makes calls to one server and namespace, each on its own connection. Failures are those of node-vault and of Node.js, and
 * SIGNER_FAILED for an answer that is not one of Vault.
 */
export class VaultHttp implements VaultSender {
  readonly #server: VaultServer;
  readonly #deadlineMs: number;

  constructor(server: VaultServer, deadlineMs = DEADLINE_MS) {
    this.#server = server;
    this.#deadlineMs = deadlineMs;
  }

  /** TLS_FILE_INVALID, SIGNER_FAILED, or what node-vault rejects with. */
  async send(token: string, { method, path, body = {} }: VaultCall): Promise<unknown> {
    const vault = this.#open(token);
    return await (method === 'read' ? vault.read(path) : vault.write(path, body));
  }

  #open(token: string): nodeVault.client {
    const { address, namespace = '' } = this.#server;
    const vault = nodeVault({
      endpoint: address,
      // The library's own debug output would print secrets (DEBUG=node-vault).
      debug: () => undefined,
      // Its own client sends the token wherever a redirect or a proxy of the environment leads, and reads without a limit.
      'request-promise': { defaults: () => (request: LibraryRequest) => this.#request(request) },
    });
    // Assigned, not passed: for an empty option the library would read the environment.
    return Object.assign(vault, { token, namespace, pathPrefix: '' });
  }

  async #request(request: LibraryRequest): Promise<object> {
    const url = new URL(request.uri);
    const first = await this.#exchange(url, request);
    const answer = REDIRECTS.has(first.status)
      ? await this.#exchange(this.#activeNode(url, first), request)
      : first;
    if (answer.status >= 300 && answer.status < 400) throw this.#redirected(answer);
    return { statusCode: answer.status, body: this.#bodyOf(answer), request: { path: url.pathname } };
  }

  async #exchange(url: URL, { method, headers, json }: LibraryRequest): Promise<Answer> {
    const requestMs = this.#deadlineMs;
    return await exchange(url, {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      // The file is read for each connection, so a renewed CA certificate needs no restart.
      ca: readCertificates(this.#server.caFile),
      deadlines: { connectMs: requestMs, idleMs: requestMs, requestMs },
      maxBytes: MAX_RESPONSE_BYTES,
      ownConnection: true,
    });
  }

  /** Where a standby node leads: one step, as Vault's own clients do, and never from TLS to plain text. */
  #activeNode(from: URL, answer: Answer): URL {
    const { location = '' } = answer.headers;
    if (!URL.canParse(location, from.href)) throw this.#redirected(answer);
    const target = new URL(location, from);
    if (target.protocol !== 'https:' && target.protocol !== from.protocol) throw this.#redirected(answer);
    return target;
  }

  #redirected({ headers: { location = '' } }: Answer): SnapshotError {
    const target = URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
    return this.#failed(
      `Vault redirects${target}, which is not followed: set VAULT_ADDR to the final address`,
    );
  }

  /** The members of the answer; undefined for an empty body. A page of a proxy says nothing about key, token and rights. */
  #bodyOf({ status, body }: Answer): unknown {
    const text = body.toString('utf8');
    const parsed = parseObject(text);
    const isSuccess = status < 300;
    if (parsed !== undefined || (isSuccess && text === '')) return parsed;
    const isDecided = isSuccess || (status < 500 && !TEMPORARY_CLIENT_ERRORS.has(status));
    if (!isDecided) return undefined;
    const advice = status === 400 ? '; if Vault expects TLS, VAULT_ADDR must begin with https://' : '';
    throw this.#failed(
      `the answer with status ${status} is not from Vault: a proxy may have answered, or VAULT_ADDR is another server${advice}`,
    );
  }

  #failed(message: string): SnapshotError {
    return new SnapshotError('SIGNER_FAILED', `${message} [vault=${this.#server.address}]`);
  }
}

function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
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
