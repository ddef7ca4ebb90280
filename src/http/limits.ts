import rateLimit, { type RateLimitOptions } from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SnapshotError } from '../errors';

export interface Limits {
  /** Of one caller, submissions included. */
  readonly requestsPerMinute: number;
  /** Of one caller: `POST /jobs`. */
  readonly submissionsPerMinute: number;
}

export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const MINUTE_MS = 60_000;
/** Requests with no token or a wrong one, from one address. */
const FAILURES_PER_MINUTE = 60;
/** A loop this late answers nobody in time; new work is refused until it has caught up. */
const LOOP_DELAY_MS = 1_000;
const KEYS_REMEMBERED = 10_000;

/** Counts for as long as this process lives: a limit holds for each instance of the service. */
export async function addLimits(app: FastifyInstance, { requestsPerMinute, submissionsPerMinute }: Limits) {
  await app.register(underPressure, {
    maxEventLoopDelay: LOOP_DELAY_MS,
    pressureHandler: () => {
      throw new SnapshotError('OVERLOADED', 'the service has too much to do; come back later', {
        retryable: true,
      });
    },
  });
  await app.register(rateLimit, { global: false, cache: KEYS_REMEMBERED });
  return {
    onFailure: limitOf(app, { max: FAILURES_PER_MINUTE, keyGenerator: ({ ip }) => ip }),
    onRequest: limitOf(app, { max: requestsPerMinute, keyGenerator: byCaller }),
    onSubmission: limitOf(app, { max: submissionsPerMinute, keyGenerator: byCaller }),
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
    const message = `more than ${seen.max} requests of this kind in a minute; come back in ${seconds} s`;
    throw new SnapshotError('RATE_LIMITED', message, { retryable: true });
  };
}
