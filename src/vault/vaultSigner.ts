import nodeVault, { type client as VaultClient } from 'node-vault';
import { z } from 'zod';
import type { VaultConfig } from '../config';
import { SnapshotError } from '../errors';
import type { Signer, SigningKey } from '../ports/signer';
import { refusesToken, refusesVersion, statusOf, toSignerError } from './errors';

const ANSWER_MS = 10_000;

const loginAnswer = z.object({ auth: z.object({ client_token: z.string().min(1) }) });
const keyAnswer = z.object({
  data: z.object({
    type: z.string(),
    exportable: z.boolean(),
    keys: z.record(z.string().regex(/^[1-9]\d{0,8}$/), z.unknown()),
  }),
});
const keyVersion = z.object({ public_key: z.string(), creation_time: z.string() });
const signAnswer = z.object({ data: z.object({ signature: z.string() }) });

/** What a failed call means where its path alone tells; undefined for what any call may fail with. */
type Explain = (error: unknown) => SnapshotError | undefined;

/** Signs with one Transit key. Logs in at once, so that wrong credentials show at the start: SIGNER_*. */
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
      const answer: unknown = await this.#open('').write('auth/approle/login', {
        role_id: roleId,
        secret_id: secretId,
      });
      this.#session = this.#open(loginAnswer.parse(answer).auth.client_token);
      return this.#session;
    } catch (error) {
      // Vault answers a wrong AppRole with 400.
      if (statusOf(error) !== 400) throw toSignerError(this.#where, error);
      throw new SnapshotError(
        'SIGNER_UNAUTHORIZED',
        `Vault refuses the AppRole; check role and secret id ${this.#where}`,
      );
    }
  }

  async listKeys(): Promise<readonly SigningKey[]> {
    const { key } = this.#config;
    const answer = await this.#ask(
      (vault) => vault.read(`transit/keys/${key}`),
      (error) => {
        const text = `there is no Transit key ${key}; create it with type=ed25519`;
        return statusOf(error) === 404
          ? new SnapshotError('KEY_MISSING', `${text} ${this.#where}`)
          : undefined;
      },
    );
    const { type, exportable, keys } = parse(keyAnswer, answer, this.#where).data;
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
    const answer = await this.#ask(
      (vault) => vault.write(`transit/sign/${key}`, input),
      (error) => {
        if (statusOf(error) === 404)
          return new SnapshotError('KEY_MISSING', `there is no Transit key ${key} ${this.#where}`);
        if (!refusesVersion(error)) return undefined;
        const text = `version ${version} of Transit key ${key} may not sign; lower min_encryption_version until its snapshot is finished`;
        return new SnapshotError('KEY_VERSION_UNAVAILABLE', `${text} ${this.#where}`);
      },
    );
    const { signature } = parse(signAnswer, answer, this.#where).data;
    const [, signer, text = ''] = /^vault:v(\d+):([A-Za-z0-9+/]{86}==)$/.exec(signature) ?? [];
    if (Number(signer) === version) return Buffer.from(text, 'base64');
    const found = `Vault gave no Ed25519 signature of version ${version} ${this.#where}`;
    throw new SnapshotError('SIGNATURE_INVALID', found);
  }

  /** Logs in again once when the token is no longer good: that is authentication, not a retry of a failed call. */
  async #ask(call: (vault: VaultClient) => Promise<unknown>, explain: Explain): Promise<unknown> {
    const translate = (error: unknown) => explain(error) ?? toSignerError(this.#where, error);
    try {
      return await call(this.#session ?? (await this.logIn()));
    } catch (error) {
      if (!refusesToken(error) || 'token' in this.#config.credentials) throw translate(error);
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
      // Otherwise DEBUG=node-vault would print secrets.
      debug: () => undefined,
      requestOptions: { timeout: ANSWER_MS },
    });
    // Set, not passed: an empty token would make the library look into the environment.
    vault.token = token;
    return vault;
  }

  get #where(): string {
    return `[vault=${this.#config.address}, key=${this.#config.key}]`;
  }
}

function parse<T>(shape: z.ZodType<T>, answer: unknown, where: string): T {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new SnapshotError('SIGNER_FAILED', `Vault answered in a shape that was not expected ${where}`);
}
