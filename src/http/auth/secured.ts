import type { Scope } from './caller';

/** The scope that a route requires, as `config` for the check and as `described` for the OpenAPI document. */
export function secured(scope: Scope, operationId: string) {
  return {
    config: { scope },
    described: { operationId, tags: ['jobs'], security: [{ bearer: [scope] }] },
  };
}
