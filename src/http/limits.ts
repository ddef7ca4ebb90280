import rateLimit, { type RateLimitOptions } from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SnapshotError } from '../errors';

export interface Limits {
  /** Of one caller, submissions included. */
  readonly requestsPerMinute: number;
  /** Of one caller: `POST /jobs`. */
  readonly submissionsPerMinute: number;
  /** While the event loop is later than this, requests are rejected until it has caught up; 0 turns the check off. */
  readonly maxEventLoopDelayMs: number;
}

export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const MINUTE_MS = 60_000;
/** Requests without a token or with a wrong one, from one address. */
const FAILURES_PER_MINUTE = 60;
const MAX_COUNTED_CALLERS = 10_000;

/** Adds the hooks that count requests. Counts live in this process: a limit holds for each instance of the service. */
export async function addLimits(app: FastifyInstance, limits: Limits) {
  await app.register(underPressure, {
    maxEventLoopDelay: limits.maxEventLoopDelayMs,
    pressureHandler: () => {
      throw new SnapshotError('OVERLOADED', 'the service is overloaded; try again later', {
        retryable: true,
      });
    },
  });
  await app.register(rateLimit, { global: false, cache: MAX_COUNTED_CALLERS });
  return {
    onFailure: limitOf(app, { max: FAILURES_PER_MINUTE, keyGenerator: ({ ip }) => ip }),
    onRequest: limitOf(app, { max: limits.requestsPerMinute, keyGenerator: byCaller }),
    onSubmission: limitOf(app, { max: limits.submissionsPerMinute, keyGenerator: byCaller }),
  };
}

const byCaller = ({ caller }: FastifyRequest): string => caller.name;

function limitOf(app: FastifyInstance, options: Pick<RateLimitOptions, 'max' | 'keyGenerator'>): Hook {
  const count = app.createRateLimit({ ...options, timeWindow: MINUTE_MS });
  return async (request, reply) => {
    const seen = await count(request);
    if (seen.isAllowed || !seen.isExceeded) return;
    const seconds = Math.max(1, seen.ttlInSeconds);
    reply.header('retry-after', String(seconds));
    const message = `more than ${seen.max} requests of this kind in a minute; try again in ${seconds} s`;
    throw new SnapshotError('RATE_LIMITED', message, { retryable: true });
  };
}
