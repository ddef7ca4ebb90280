/** What a token may allow; `jobs:any` lifts the limit to jobs of the caller or of its tenant. */
export const SCOPES = ['jobs:write', 'jobs:read', 'jobs:report', 'jobs:any', 'payloads:decode'] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller of a request. `name` is stable: rate limits and idempotency keys belong to it. */
export interface Caller {
  readonly name: string;
  /** The organisation that the caller belongs to; undefined for none. */
  readonly tenant?: string | undefined;
  readonly scopes: ReadonlySet<string>;
}

/** The caller that a token belongs to; undefined for an unknown token. IDENTITY_UNREACHABLE when that cannot be checked now. */
export type Authenticator = (token: string) => Promise<Caller | undefined>;

/** Every caller where authentication is turned off; for development on a loopback address. */
export const ANONYMOUS: Caller = { name: 'anonymous', scopes: new Set(SCOPES) };

/** Tries each in turn; the first that knows the token decides. */
export function chainAuthenticators(authenticators: readonly Authenticator[]): Authenticator {
  return async (token) => {
    for (const authenticate of authenticators) {
      const caller = await authenticate(token);
      if (caller) return caller;
    }
    return undefined;
  };
}
