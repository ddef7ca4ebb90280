/** What a token may allow; a route asks for one of them. */
export const SCOPES = ['jobs:write', 'jobs:read', 'jobs:report'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. `name` is stable: rate limits and idempotency keys are counted by it. */
export interface Caller {
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

/** Knows whose token this is; undefined: nobody's. IDENTITY_UNREACHABLE when that cannot be found out now. */
export type Authenticator = (token: string) => Promise<Caller | undefined>;

/** Without authentication everybody is this one; for development on a loopback address. */
export const ANONYMOUS: Caller = { name: 'anybody', scopes: new Set(SCOPES) };

/** Asks each in turn; the first that knows the token has the word. */
export function chainAuthenticators(authenticators: readonly Authenticator[]): Authenticator {
  return async (token) => {
    for (const authenticate of authenticators) {
      const caller = await authenticate(token);
      if (caller) return caller;
    }
    return undefined;
  };
}
