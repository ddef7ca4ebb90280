import { setTimeout as delay } from 'node:timers/promises';
import type { VaultConfig } from '../config/vault';
import { isNodeOutdated, isTokenRejected } from './errors';
import type { VaultCall, VaultSender } from './vaultHttp';
import { canLogIn, logIn, readSecret, renew, type VaultToken } from './vaultLogin';

/** A token is renewed after this part of its time, and at least once a day. */
const RENEW_AFTER = 2 / 3;
const RENEW_AT_LEAST_MS = 86_400_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** A token that is not renewed is replaced this long before its end, at most. */
const REPLACE_BEFORE_MS = 10_000;
/** How long another node of the cluster may take to receive a new token. */
const OUTDATED_NODE_PAUSES_MS = [100, 300, 900];

/**
 * Keeps one token valid: renews it before it expires, logs in again when it is lost, and reads its file again when that was
 * replaced. A renewal that fails is tried again until the token expires.
 */
export class VaultSession {
  readonly #http: VaultSender;
  readonly #config: VaultConfig;
  readonly #where: string;
  #token: (VaultToken & { readonly expiresAtMs: number }) | undefined;
  #login: Promise<VaultToken> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(http: VaultSender, config: VaultConfig, where: string) {
    this.#http = http;
    this.#config = config;
    this.#where = where;
  }

  /** Gets a new token, once for callers that need one at the same time. SIGNER_*, TLS_FILE_INVALID. */
  async logIn(): Promise<VaultToken> {
    this.#login ??= logIn(this.#http, this.#config, this.#where)
      .then((token) => this.#keep(token))
      .finally(() => (this.#login = undefined));
    return await this.#login;
  }

  /** Makes a call, and once more with a new token when the token was rejected. SIGNER_* of a login; else what node-vault rejects with. */
  async send(call: VaultCall): Promise<unknown> {
    const { value } = await this.#current();
    try {
      return await this.#sendToCluster(value, call);
    } catch (error) {
      if (!isTokenRejected(error) || !this.#mayHaveAnother(value)) throw error;
    }
    // Another call may have logged in since.
    const token = this.#token && this.#token.value !== value ? this.#token : await this.logIn();
    return await this.#sendToCluster(token.value, call);
  }

  /** Waits until the node that answers knows the token; a node that stays outdated fails the call. */
  async #sendToCluster(token: string, call: VaultCall): Promise<unknown> {
    for (const pauseMs of OUTDATED_NODE_PAUSES_MS) {
      try {
        return await this.#http.send(token, call);
      } catch (error) {
        if (!isNodeOutdated(error)) throw error;
      }
      await delay(pauseMs);
    }
    return await this.#http.send(token, call);
  }

  async #current(): Promise<VaultToken> {
    const token = this.#token;
    if (token === undefined || performance.now() >= token.expiresAtMs || this.#isReplaced(token.value))
      return await this.logIn();
    return token;
  }

  /** A token in a file may have been replaced by another process, such as an agent. */
  #isReplaced(token: string): boolean {
    return !canLogIn(this.#config) && readSecret(this.#config, this.#where) !== token;
  }

  #mayHaveAnother(token: string): boolean {
    return canLogIn(this.#config) || this.#isReplaced(token);
  }

  #keep(token: VaultToken): VaultToken {
    const { ttlMs } = token;
    // A token that nobody can replace is used to its end: the server then says what is wrong.
    const endless = ttlMs === 0 || !canLogIn(this.#config);
    const usableMs = ttlMs - Math.min(REPLACE_BEFORE_MS, ttlMs / 10);
    this.#token = { ...token, expiresAtMs: endless ? Infinity : performance.now() + usableMs };
    const waitMs = Math.min(ttlMs * RENEW_AFTER, RENEW_AT_LEAST_MS);
    this.#renewAfter(Math.max(RETRY_MIN_MS, waitMs), performance.now() + ttlMs);
    return token;
  }

  #renewAfter(waitMs: number, endMs: number): void {
    clearTimeout(this.#timer);
    const token = this.#token;
    if (token === undefined || !token.renewable || token.ttlMs === 0) return;
    this.#timer = setTimeout(() => void this.#renew(token.value, endMs), waitMs).unref();
  }

  async #renew(token: string, endMs: number): Promise<void> {
    try {
      const renewed = await renew(this.#http, token);
      if (this.#token?.value === token) this.#keep(renewed);
    } catch (error) {
      const leftMs = endMs - performance.now();
      if (this.#token?.value !== token || leftMs <= 0) return;
      // Lost, or at the end of its longest time: the next call logs in, and reports what it finds.
      if (isTokenRejected(error) && canLogIn(this.#config)) this.#token = undefined;
      // Until the token expires, one failure is not the last try.
      else this.#renewAfter(Math.max(RETRY_MIN_MS, Math.min(RETRY_MAX_MS, leftMs / 4)), endMs);
    }
  }
}
