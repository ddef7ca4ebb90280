import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { SnapshotError } from '../../errors';
import { secured } from '../auth/secured';
import { eventStream, wasLast } from '../eventStream';
import { findVisibleJob } from '../visibleJob';
import type { JobState } from '../polling/jobPoller';
import { acquireWaitSlot } from '../polling/waitSlots';
import { securedErrorResponses } from '../responses';
import { jobParams } from '../schemas';
import type { RouteDeps } from './routeDeps';

const event = z
  .object({
    id: z.string(),
    event: z.enum(['progress', 'result', 'failed', 'cancelled']),
    data: z.string().meta({ contentMediaType: 'application/json', description: 'A Job, as JSON.' }),
  })
  .meta({
    id: 'JobEvent',
    description:
      'One event of the stream: `progress` at every change, finally one of the others. Lines that begin with a colon keep the connection alive.',
  });
const lastEventHeaders = z.object({ 'last-event-id': z.string().max(64).optional() });

const { config, described } = secured('followJob', 'jobs:read');
const schema = {
  ...described,
  summary: 'Follow a job',
  description:
    'Server-sent events until the job has ended. A client that reconnects with `Last-Event-ID` receives only what is new; 204 means that the job has ended and nothing is new.',
  params: jobParams,
  headers: lastEventHeaders,
  response: {
    200: { description: 'The stream', content: { 'text/event-stream': { schema: event } } },
    204: z.null().meta({ description: 'The last event was already received' }),
    ...securedErrorResponses('USAGE_INVALID', 'JOB_NOT_FOUND'),
  },
};

/** `GET /jobs/:id/events`. */
export function eventRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { poller, waitSlots, nowMs } = deps;
  return async (app) => {
    app.get('/jobs/:id/events', { config, schema }, async (request, reply) => {
      await findVisibleJob(deps, request.params.id, request.caller);
      const lastEventId = request.headers['last-event-id'];
      const slot = acquireWaitSlot(waitSlots, request, reply);
      const states = poller.follow(request.params.id, slot.signal);
      let first: JobState;
      try {
        first = await firstOf(states);
      } catch (error) {
        slot.release();
        throw error;
      }
      if (wasLast(first, lastEventId)) {
        slot.release();
        await states.return();
        return reply.code(204).send(null);
      }

      const text = eventStream(withFirst(first, states), lastEventId, nowMs);
      const stream = Readable.from(text, { objectMode: false });
      stream.once('close', slot.release);
      return reply
        .code(200)
        .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
        .type('text/event-stream')
        .send(stream as never);
    });
  };
}

/** Loaded before the first byte of the stream, while a job that does not exist can still be answered with 404. */
async function firstOf(states: AsyncGenerator<JobState, void, undefined>): Promise<JobState> {
  const next = await states.next();
  if (next.done !== true) return next.value;
  throw new SnapshotError('INTERNAL', 'a followed job yields at least one state');
}

async function* withFirst(first: JobState, rest: AsyncIterable<JobState>): AsyncGenerator<JobState> {
  yield first;
  yield* rest;
}
