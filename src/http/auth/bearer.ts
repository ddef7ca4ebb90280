import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { SnapshotError } from '../../errors';
import { ANONYMOUS, type Authenticator, type Caller, type Scope } from './caller';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler of a route that asks for a scope runs. */
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
 * Lets a request pass whose bearer token (RFC 6750) allows the scope of its route: UNAUTHENTICATED, SCOPE_MISSING.
 * `onFailure` hears of a token that is missing or wrong, and may refuse with RATE_LIMITED.
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
      const what = token === undefined ? 'send a bearer token' : 'the bearer token is not valid here';
      throw new SnapshotError('UNAUTHENTICATED', `${what} (Authorization: Bearer …)`);
    }
    request.caller = caller;
    const { scope } = request.routeOptions.config;
    if (scope === undefined || caller.scopes.has(scope)) return;
    reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${scope}"`);
    throw new SnapshotError('SCOPE_MISSING', `the token of ${caller.name} lacks the scope ${scope}`);
  };
}

/** Instead of `requireBearer`, where there is no authentication. */
export const allowAnonymous: onRequestAsyncHookHandler = async (request) => {
  request.caller = ANONYMOUS;
};
