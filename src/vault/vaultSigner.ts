import { z } from 'zod';
import type { VaultConfig } from '../config/vault';
import { SnapshotError } from '../errors';
import type { Signer, SigningKey } from '../ports/signer';
import { isMountMissing, isVersionRejected, statusOf, toSignerError } from './errors';
import { keyResponse, reasonsToRefuse, warningsOf, type KeyWarning, type TransitKey } from './keyPolicy';
import { VaultHttp, type VaultCall, type VaultSender } from './vaultHttp';
import { VaultSession } from './vaultSession';

// This room is Vault Transit, which holds the signing key: the private key never leaves it. One call is vaultHttp.ts, a
// login vaultLogin.ts, the life of a token vaultSession.ts, and what a key must be keyPolicy.ts.

const keyVersion = z.object({ public_key: z.string(), creation_time: z.string() });
const signResponse = z.object({ data: z.object({ signature: z.string() }) });

/** Translates errors that are specific to one call; undefined for any other error. */
type TranslateOwn = (error: unknown) => SnapshotError | undefined;

/** Connects to one Transit key and logs in at once, so that wrong credentials show at the start: SIGNER_*, TLS_FILE_INVALID. */
export async function connectSigner(config: VaultConfig): Promise<VaultSigner> {
  const signer = new VaultSigner(config);
  await signer.logIn();
  return signer;
}

/** A signer that also says what weakens its key. */
export class VaultSigner implements Signer {
  readonly #key: string;
  readonly #where: string;
  readonly #keyPath: string;
  readonly #signPath: string;
  readonly #session: VaultSession;

  constructor(config: VaultConfig, http: VaultSender = new VaultHttp(config)) {
    const { key, address, namespace, transitMount = 'transit' } = config;
    this.#key = key;
    this.#where = `[vault=${address}, ${namespace === undefined ? '' : `namespace=${namespace}, `}key=${key}]`;
    // Encoded, because a name with slashes would address another path.
    this.#keyPath = `${transitMount}/keys/${encodeURIComponent(key)}`;
    this.#signPath = `${transitMount}/sign/${encodeURIComponent(key)}`;
    this.#session = new VaultSession(http, config, this.#where);
  }

  async logIn(): Promise<void> {
    await this.#session.logIn();
  }

  async listKeys(): Promise<readonly SigningKey[]> {
    const { keys } = await this.#readKey();
    return Object.entries(keys)
      .map(([version, given]) => {
        const { public_key, creation_time } = parse(keyVersion, given, this.#where);
        const publicKey = Buffer.from(public_key, 'base64');
        return { version: Number(version), publicKey, createdAt: new Date(creation_time) };
      })
      .toSorted((left, right) => left.version - right.version);
  }

  /** What weakens the key; KEY_INVALID when it must not be used. */
  async keyWarnings(): Promise<readonly KeyWarning[]> {
    return warningsOf(await this.#readKey());
  }

  async sign(message: Buffer, version: number): Promise<Buffer> {
    const body = { input: message.toString('base64'), key_version: version };
    const response = await this.#call({ method: 'write', path: this.#signPath, body }, (error) => {
      if (!isVersionRejected(error)) return undefined;
      const text = `version ${version} of Transit key ${this.#key} may not sign; lower min_encryption_version until the snapshot has finished`;
      return new SnapshotError('KEY_VERSION_UNAVAILABLE', `${text} ${this.#where}`);
    });
    const { signature } = parse(signResponse, response, this.#where).data;
    const [, signer, text = ''] = /^vault:v(\d+):([A-Za-z0-9+/]{86}==)$/.exec(signature) ?? [];
    if (Number(signer) === version) return Buffer.from(text, 'base64');
    const found = `Vault returned no Ed25519 signature of version ${version} ${this.#where}`;
    throw new SnapshotError('SIGNATURE_INVALID', found);
  }

  async #readKey(): Promise<TransitKey> {
    const response = await this.#call({ method: 'read', path: this.#keyPath });
    const key = parse(keyResponse, response, this.#where).data;
    const reasons = reasonsToRefuse(key);
    if (reasons.length === 0) return key;
    const message = `Transit key ${this.#key} must not be used: ${reasons.join('; ')}; create another one with type=ed25519 ${this.#where}`;
    throw new SnapshotError('KEY_INVALID', message);
  }

  async #call(call: VaultCall, translateOwn?: TranslateOwn): Promise<unknown> {
    try {
      return await this.#session.send(call);
    } catch (error) {
      const named = `${call.method === 'read' ? 'read' : 'update'} on ${call.path}`;
      throw translateOwn?.(error) ?? this.#missing(error) ?? toSignerError(this.#where, named, error);
    }
  }

  #missing(error: unknown): SnapshotError | undefined {
    if (statusOf(error) !== 404 || isMountMissing(error)) return undefined;
    const text = `the Transit key ${this.#key} does not exist; create it with type=ed25519`;
    return new SnapshotError('KEY_MISSING', `${text} ${this.#where}`);
  }
}

function parse<T>(shape: z.ZodType<T>, response: unknown, where: string): T {
  const parsed = shape.safeParse(response);
  if (parsed.success) return parsed.data;
  throw new SnapshotError('SIGNER_FAILED', `Vault returned an unexpected response ${where}`);
}
