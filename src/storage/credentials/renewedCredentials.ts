import { CredentialProvider } from 'minio/dist/main/CredentialProvider.js';
import { Credentials } from 'minio/dist/main/Credentials.js';
import { SnapshotError, messageOf } from '../../errors';

/** Credentials that AWS gave for a limited time. */
export interface TemporaryCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

export type CredentialSource = () => Promise<TemporaryCredentials>;

interface Held {
  readonly credentials: Credentials;
  readonly expiresAtMs: number;
  readonly renewAtMs: number;
}

/** So early that a request which starts now is signed, sent and checked before the credentials expire. */
const RENEW_BEFORE_MS = 300_000;
const RETRY_AFTER_MS = 10_000;

/**
 * Temporary credentials that are renewed before they expire. Concurrent requests share one renewal. While the present
 * credentials are valid, a renewal that fails is tried again later and no request fails.
 */
export class RenewedCredentials extends CredentialProvider {
  readonly #source: CredentialSource;
  readonly #nowMs: () => number;
  #held: Held | undefined;
  #renewal: Promise<Held> | undefined;

  constructor(source: CredentialSource, nowMs: () => number = Date.now) {
    super({ accessKey: '', secretKey: '' });
    this.#source = source;
    this.#nowMs = nowMs;
  }

  override async getCredentials(): Promise<Credentials> {
    const held = this.#held;
    if (held && this.#nowMs() < held.renewAtMs) return held.credentials;
    this.#renewal ??= this.#renew(held).finally(() => {
      this.#renewal = undefined;
    });
    return (await this.#renewal).credentials;
  }

  /** Storage no longer accepts the present credentials, so the next request asks for new ones. */
  discard(): void {
    this.#held = undefined;
  }

  async #renew(held: Held | undefined): Promise<Held> {
    const startedMs = this.#nowMs();
    try {
      const { accessKey, secretKey, sessionToken, expiresAtMs } = await this.#source();
      const earlyMs = Math.min(RENEW_BEFORE_MS, Math.max(0, expiresAtMs - startedMs) / 2);
      const credentials = new Credentials({ accessKey, secretKey, sessionToken });
      return (this.#held = { credentials, expiresAtMs, renewAtMs: expiresAtMs - earlyMs });
    } catch (error) {
      if (!held) throw error;
      if (startedMs < held.expiresAtMs)
        return (this.#held = { ...held, renewAtMs: Math.min(startedMs + RETRY_AFTER_MS, held.expiresAtMs) });
      // The source worked before, so it may work again.
      const message = `the storage credentials have expired and cannot be renewed: ${messageOf(error)}`;
      throw new SnapshotError('STORAGE_UNAUTHORIZED', message, { retryable: true });
    }
  }
}
