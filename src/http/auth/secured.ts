import type { Scope } from './caller';

/** The scopes that a route requires, as `config` for the check and as `described` for the OpenAPI document. */
export function secured(operationId: string, ...scopes: readonly Scope[]) {
  return {
    config: { scopes },
    described: { operationId, tags: ['jobs'], security: [{ bearer: [...scopes] }] },
  };
}
