import nodeVault, { type client as VaultClient } from 'node-vault';
import { z } from 'zod';
import type { VaultConfig } from '../config';
import { SnapshotError } from '../errors';
import type { Signer, SigningKey } from '../ports/signer';
import { isTokenRejected, isVersionRejected, statusOf, toSignerError } from './errors';

// This room is Vault Transit, which holds the signing key: the private key never leaves it.

const RESPONSE_MS = 10_000;

const loginResponse = z.object({ auth: z.object({ client_token: z.string().min(1) }) });
const keyResponse = z.object({
  data: z.object({
    type: z.string(),
    exportable: z.boolean(),
    keys: z.record(z.string().regex(/^[1-9]\d{0,8}$/), z.unknown()),
  }),
});
const keyVersion = z.object({ public_key: z.string(), creation_time: z.string() });
const signResponse = z.object({ data: z.object({ signature: z.string() }) });

/** Translates errors that are specific to one call; undefined for any other error. */
type TranslateOwn = (error: unknown) => SnapshotError | undefined;

/** Connects to one Transit key and logs in at once, so that wrong credentials show at the start: SIGNER_*. */
export async function connectSigner(config: VaultConfig): Promise<Signer> {
  const signer = new VaultSigner(config);
  await signer.logIn();
  return signer;
}

class VaultSigner implements Signer {
  readonly #config: VaultConfig;
  #session: VaultClient | undefined;

  constructor(config: VaultConfig) {
    this.#config = config;
  }

  async logIn(): Promise<VaultClient> {
    const { credentials } = this.#config;
    if ('token' in credentials) return (this.#session = this.#open(credentials.token));
    const { roleId, secretId } = credentials;
    try {
      const response: unknown = await this.#open('').write('auth/approle/login', {
        role_id: roleId,
        secret_id: secretId,
      });
      this.#session = this.#open(loginResponse.parse(response).auth.client_token);
      return this.#session;
    } catch (error) {
      // Vault answers a wrong AppRole with 400.
      if (statusOf(error) !== 400) throw toSignerError(this.#where, error);
      throw new SnapshotError(
        'SIGNER_UNAUTHORIZED',
        `Vault rejects the AppRole; check role and secret id ${this.#where}`,
      );
    }
  }

  async listKeys(): Promise<readonly SigningKey[]> {
    const { key } = this.#config;
    const response = await this.#call(
      (vault) => vault.read(`transit/keys/${key}`),
      (error) => {
        const text = `the Transit key ${key} does not exist; create it with type=ed25519`;
        return statusOf(error) === 404
          ? new SnapshotError('KEY_MISSING', `${text} ${this.#where}`)
          : undefined;
      },
    );
    const { type, exportable, keys } = parse(keyResponse, response, this.#where).data;
    if (type !== 'ed25519' || exportable) {
      const found = `${type}${exportable ? ', exportable' : ''}`;
      throw new SnapshotError(
        'KEY_INVALID',
        `Transit key ${key} is ${found}; it must be ed25519 and not exportable ${this.#where}`,
      );
    }
    return Object.entries(keys)
      .map(([version, given]) => {
        const { public_key, creation_time } = parse(keyVersion, given, this.#where);
        const publicKey = Buffer.from(public_key, 'base64');
        return { version: Number(version), publicKey, createdAt: new Date(creation_time) };
      })
      .toSorted((left, right) => left.version - right.version);
  }

  async sign(message: Buffer, version: number): Promise<Buffer> {
    const { key } = this.#config;
    const input = { input: message.toString('base64'), key_version: version };
    const response = await this.#call(
      (vault) => vault.write(`transit/sign/${key}`, input),
      (error) => {
        if (statusOf(error) === 404)
          return new SnapshotError('KEY_MISSING', `the Transit key ${key} does not exist ${this.#where}`);
        if (!isVersionRejected(error)) return undefined;
        const text = `version ${version} of Transit key ${key} may not sign; lower min_encryption_version until the snapshot has finished`;
        return new SnapshotError('KEY_VERSION_UNAVAILABLE', `${text} ${this.#where}`);
      },
    );
    const { signature } = parse(signResponse, response, this.#where).data;
    const [, signer, text = ''] = /^vault:v(\d+):([A-Za-z0-9+/]{86}==)$/.exec(signature) ?? [];
    if (Number(signer) === version) return Buffer.from(text, 'base64');
    const found = `Vault returned no Ed25519 signature of version ${version} ${this.#where}`;
    throw new SnapshotError('SIGNATURE_INVALID', found);
  }

  /** Logs in again once when the token has expired: that is authentication, not a retry of a failed call. */
  async #call(call: (vault: VaultClient) => Promise<unknown>, translateOwn: TranslateOwn): Promise<unknown> {
    const translate = (error: unknown) => translateOwn(error) ?? toSignerError(this.#where, error);
    try {
      return await call(this.#session ?? (await this.logIn()));
    } catch (error) {
      if (!isTokenRejected(error) || 'token' in this.#config.credentials) throw translate(error);
    }
    try {
      return await call(await this.logIn());
    } catch (error) {
      throw translate(error);
    }
  }

  #open(token: string): VaultClient {
    const vault = nodeVault({
      endpoint: this.#config.address,
      // The library's own debug output would print secrets (DEBUG=node-vault).
      debug: () => undefined,
      requestOptions: { timeout: RESPONSE_MS },
    });
    // Assigned, not passed: with an empty token as option the library would read the environment.
    vault.token = token;
    return vault;
  }

  get #where(): string {
    return `[vault=${this.#config.address}, key=${this.#config.key}]`;
  }
}

function parse<T>(shape: z.ZodType<T>, response: unknown, where: string): T {
  const parsed = shape.safeParse(response);
  if (parsed.success) return parsed.data;
  throw new SnapshotError('SIGNER_FAILED', `Vault returned an unexpected response ${where}`);
}
