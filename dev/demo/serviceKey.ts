import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../../src/http/auth/caller';

export interface ServiceKey {
  readonly token: string;
  /** The entry for the job service, which stores the hash of the token only. */
  readonly hashed: { readonly name: string; readonly sha256: string; readonly scopes: readonly Scope[] };
}

/** A new token for the job service, of 256 random bits. */
export function newServiceKey(name: string, ...scopes: readonly Scope[]): ServiceKey {
  const token = randomBytes(32).toString('base64url');
  return { token, hashed: { name, sha256: createHash('sha256').update(token).digest('hex'), scopes } };
}
