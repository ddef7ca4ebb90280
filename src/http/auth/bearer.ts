import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { SnapshotError } from '../../errors';
import { ANONYMOUS, type Authenticator, type Caller, type Scope } from './caller';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; set before the handler of any route that requires a scope. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** Every one of them is required. */
    scopes?: readonly Scope[];
  }
}

const REALM = 'Bearer realm="audit-snapshot"';
/** RFC 6750; 4 KiB is ample for a JWT and bounds what is hashed and verified. */
const CREDENTIALS = /^Bearer +([\w.~+/-]{1,4096}=*)$/i;

/**
 * Requires a bearer token (RFC 6750) that allows the scopes of the route: UNAUTHENTICATED, SCOPE_MISSING. `onFailure` runs
 * for a token that is missing, wrong or cannot be checked now, and may throw RATE_LIMITED.
 */
export function requireBearer(
  authenticate: Authenticator,
  onFailure: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const token = CREDENTIALS.exec(request.headers.authorization ?? '')?.[1];
    let caller: Caller | undefined;
    try {
      caller = token === undefined ? undefined : await authenticate(token);
    } catch (error) {
      await onFailure(request, reply);
      throw error;
    }
    if (!caller) {
      await onFailure(request, reply);
      reply.header('www-authenticate', token === undefined ? REALM : `${REALM}, error="invalid_token"`);
      const what = token === undefined ? 'send a bearer token' : 'the bearer token is not valid';
      throw new SnapshotError('UNAUTHENTICATED', `${what} (Authorization: Bearer …)`);
    }
    request.caller = caller;
    // Both write lines of this request.
    request.log = request.log.child({ caller: caller.name });
    reply.log = request.log;
    const { scopes = [] } = request.routeOptions.config;
    const missing = scopes.filter((scope) => !caller.scopes.has(scope));
    if (missing.length === 0) return;
    reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${scopes.join(' ')}"`);
    const message = `the token of ${caller.name} lacks the scope ${missing.join(' and the scope ')}`;
    throw new SnapshotError('SCOPE_MISSING', message);
  };
}

/** Replaces `requireBearer` where authentication is turned off. */
export const allowAnonymous: onRequestAsyncHookHandler = async (request) => {
  request.caller = ANONYMOUS;
};
