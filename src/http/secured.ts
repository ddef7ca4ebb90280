import type { z } from 'zod';
import type { Scope } from './auth/caller';
import { PROBLEM_TYPE } from './problem';
import { problem } from './schemas';

/** Why a request may be refused, by status; the codes of each are listed in docs/job-service.md. */
const REFUSALS = {
  400: 'The request is malformed',
  401: 'No valid bearer token',
  403: 'The token lacks the scope',
  404: 'There is no such job',
  409: 'The job, or the first request with the same key, is not in a state for this',
  413: 'The body is larger than 64 KiB',
  415: 'The body is not JSON',
  422: 'The payload, the window, the type or the idempotency key cannot be accepted',
  429: 'Too many requests; see Retry-After',
  500: 'Something is wrong here; the log of the service names it by `instance`',
  503: 'Not now; see Retry-After',
} as const;

export type Refusal = keyof typeof REFUSALS;

/** One refusal, as problem details. */
export function refusal(status: Refusal) {
  return { description: REFUSALS[status], content: { [PROBLEM_TYPE]: { schema: problem } } };
}

/** Refusals that every route behind authentication has. */
const COMMON = {
  401: refusal(401),
  403: refusal(403),
  429: refusal(429),
  500: refusal(500),
  503: refusal(503),
};

/** The documented refusals of one route, beside the common ones; all are problem details. */
export function refusals<S extends Refusal>(...statuses: readonly S[]) {
  const own = Object.fromEntries(statuses.map((status) => [status, refusal(status)]));
  return { ...COMMON, ...own } as typeof COMMON & Record<S, ReturnType<typeof refusal>>;
}

/** One successful answer in JSON. */
export function jsonResponse<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } };
}

/** What a route asks of its caller, for the document and for the check alike. */
export function secured(scope: Scope, operationId: string) {
  return {
    config: { scope },
    described: { operationId, tags: ['jobs'], security: [{ bearer: [scope] }] },
  };
}
