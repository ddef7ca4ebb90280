import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VaultConfig } from '../../../src/config/vault';
import type { VaultCall, VaultSender } from '../../../src/vault/vaultHttp';
import { VaultSession } from '../../../src/vault/vaultSession';

const APPROLE = { roleId: 'r', secretId: 's' };
const SIGN: VaultCall = { method: 'write', path: 'transit/sign/k' };
const SECOND = 1000;

/** Issues tokens that live for `ttlSeconds`, renews them, and accepts them until they end. */
class FakeVault implements VaultSender {
  readonly calls: string[] = [];
  readonly #validUntil = new Map<string, number>();
  logins = 0;
  /** How many of the next renewals fail, and how. */
  failRenewals = { count: 0, status: 500 };

  readonly #ttlSeconds: number;
  readonly #renewable: boolean;

  constructor(ttlSeconds: number, renewable = true) {
    this.#ttlSeconds = ttlSeconds;
    this.#renewable = renewable;
  }

  accept(token: string): void {
    this.#validUntil.set(token, performance.now() + this.#ttlSeconds * SECOND);
  }

  revoke(token: string): void {
    this.#validUntil.delete(token);
  }

  async send(token: string, { path }: VaultCall): Promise<unknown> {
    this.calls.push(path);
    if (path.endsWith('/login')) return this.#auth(`token-${++this.logins}`);
    if ((this.#validUntil.get(token) ?? -1) < performance.now()) throw answerWith(403);
    if (path === 'auth/token/lookup-self')
      return { data: { ttl: this.#ttlSeconds, renewable: this.#renewable } };
    if (path !== 'auth/token/renew-self') return { signedBy: token };
    if (this.failRenewals.count-- > 0) throw answerWith(this.failRenewals.status);
    return this.#auth(token);
  }

  #auth(token: string): unknown {
    this.accept(token);
    return { auth: { client_token: token, lease_duration: this.#ttlSeconds, renewable: this.#renewable } };
  }
}

const answerWith = (statusCode: number) => Object.assign(new Error('refused'), { response: { statusCode } });

function sessionWith(vault: VaultSender, more: Partial<VaultConfig> = {}): VaultSession {
  const config = { address: 'http://vault', key: 'k', credentials: APPROLE, ...more };
  return new VaultSession(vault, config, '[here]');
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * SECOND);

describe('a token of a login', () => {
  test('is renewed before it expires, without a call that needs it', async () => {
    const vault = new FakeVault(60);
    const session = sessionWith(vault);
    await session.logIn();
    await pass(600);
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'token-1' });
    expect(vault.logins).toBe(1);
  });

  test.each([400, 429, 500, 503])('is renewed although renewals fail with %d for a while', async (status) => {
    const vault = new FakeVault(60);
    const session = sessionWith(vault);
    await session.logIn();
    vault.failRenewals = { count: 3, status };
    await pass(600);
    await session.send(SIGN);
    expect(vault.logins).toBe(1);
  });

  test('is replaced by another login when it cannot be renewed', async () => {
    const vault = new FakeVault(60, false);
    const session = sessionWith(vault);
    await session.logIn();
    await pass(55);
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'token-2' });
    expect(vault.calls).not.toContain('auth/token/renew-self');
  });

  test('is replaced by another login when its renewal is refused', async () => {
    const vault = new FakeVault(60);
    const session = sessionWith(vault);
    await session.logIn();
    vault.failRenewals = { count: 1, status: 403 };
    await pass(45);
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'token-2' });
  });

  test('is replaced by one login when it was revoked, for calls at the same time too', async () => {
    const vault = new FakeVault(60);
    const session = sessionWith(vault);
    await session.logIn();
    vault.revoke('token-1');
    const answers = await Promise.all([session.send(SIGN), session.send(SIGN), session.send(SIGN)]);
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ signedBy: 'token-2' })));
    expect(vault.logins).toBe(2);
  });

  test('is looked for once: a denied call is not tried for ever', async () => {
    const vault = new FakeVault(60);
    const session = sessionWith({
      send: (token, call) => (call === SIGN ? Promise.reject(answerWith(403)) : vault.send(token, call)),
    });
    await expect(session.send(SIGN)).rejects.toMatchObject({ response: { statusCode: 403 } });
    expect(vault.logins).toBe(2);
  });
});

describe('a configured token', () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-token-'));
  const secretFile = join(directory, 'token');

  test('is renewed for as long as the process runs', async () => {
    const vault = new FakeVault(60);
    vault.accept('given');
    const session = sessionWith(vault, { credentials: { token: 'given' } });
    await session.logIn();
    vault.failRenewals = { count: 2, status: 500 };
    await pass(600);
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'given' });
  });

  test('that may not look itself up is used as it is', async () => {
    const vault = new FakeVault(60);
    vault.accept('given');
    const session = sessionWith(
      {
        send: (token, call) =>
          call.path === 'auth/token/lookup-self' ? Promise.reject(answerWith(403)) : vault.send(token, call),
      },
      { credentials: { token: 'given' } },
    );
    await session.logIn();
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'given' });
  });

  test('in a file is read again when the file was replaced, and kept while there is no file', async () => {
    const vault = new FakeVault(60);
    writeFileSync(secretFile, 'first\n');
    vault.accept('first');
    vault.accept('second');
    const session = sessionWith(vault, { credentials: { token: 'first' }, secretFile });
    await session.logIn();
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'first' });
    writeFileSync(secretFile, 'second\n');
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'second' });
    rmSync(secretFile);
    vault.revoke('second');
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'first' });
  });

  test('in a file that is replaced while the call is under way is tried again', async () => {
    const vault = new FakeVault(60);
    writeFileSync(secretFile, 'old');
    vault.accept('old');
    const session = sessionWith(
      {
        send: (token, call) => {
          if (token === 'old' && call === SIGN) {
            vault.revoke('old');
            vault.accept('new');
            writeFileSync(secretFile, 'new');
          }
          return vault.send(token, call);
        },
      },
      { credentials: { token: 'old' }, secretFile },
    );
    await expect(session.send(SIGN)).resolves.toEqual({ signedBy: 'new' });
  });

  test('a secret id and a JWT in a file are read again at each login', async () => {
    for (const credentials of [
      { roleId: 'r', secretId: 'first' },
      { method: 'jwt', role: 'r', jwt: 'first' },
    ] as const) {
      const bodies: unknown[] = [];
      const vault = new FakeVault(60);
      writeFileSync(secretFile, 'first');
      const session = sessionWith(
        {
          send: (token, call) => {
            if (call.body) bodies.push(...Object.values(call.body).slice(1));
            return vault.send(token, call);
          },
        },
        { credentials, secretFile },
      );
      await session.logIn();
      writeFileSync(secretFile, 'second\n');
      vault.revoke('token-1');
      await session.send(SIGN);
      expect(bodies).toEqual(['first', 'second']);
    }
  });
});
