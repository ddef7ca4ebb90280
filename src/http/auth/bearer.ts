import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { SnapshotError } from '../../errors';
import { ANONYMOUS, type Authenticator, type Caller, type Scope } from './caller';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; set before the handler of any route that requires a scope. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    scope?: Scope;
  }
}

const REALM = 'Bearer realm="audit-snapshot"';
/** RFC 6750; 4 KiB is ample for a JWT and bounds what is hashed and verified. */
const CREDENTIALS = /^Bearer +([\w.~+/-]{1,4096}=*)$/i;

/**
 * Requires a bearer token (RFC 6750) that allows the scope of the route: UNAUTHENTICATED, SCOPE_MISSING. `onFailure` runs for
 * a token that is missing or wrong, and may throw RATE_LIMITED.
 */
export function requireBearer(
  authenticate: Authenticator,
  onFailure: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const token = CREDENTIALS.exec(request.headers.authorization ?? '')?.[1];
    const caller = token === undefined ? undefined : await authenticate(token);
    if (!caller) {
      await onFailure(request, reply);
      reply.header('www-authenticate', token === undefined ? REALM : `${REALM}, error="invalid_token"`);
      const what = token === undefined ? 'send a bearer token' : 'the bearer token is not valid';
      throw new SnapshotError('UNAUTHENTICATED', `${what} (Authorization: Bearer …)`);
    }
    request.caller = caller;
    const { scope } = request.routeOptions.config;
    if (scope === undefined || caller.scopes.has(scope)) return;
    reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${scope}"`);
    throw new SnapshotError('SCOPE_MISSING', `the token of ${caller.name} lacks the scope ${scope}`);
  };
}

/** Replaces `requireBearer` where authentication is turned off. */
export const allowAnonymous: onRequestAsyncHookHandler = async (request) => {
  request.caller = ANONYMOUS;
};
