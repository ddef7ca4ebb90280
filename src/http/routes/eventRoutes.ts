import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { eventStream, wasLast } from '../eventStream';
import { secured, refusals } from '../secured';
import type { RouteDeps } from './routeDeps';
import { jobParams } from '../schemas';
import { acquireWaitSlot } from '../polling/waitSlot';
import type { JobState } from '../polling/jobPoller';

const event = z
  .object({
    id: z.string(),
    event: z.enum(['progress', 'result', 'failed', 'cancelled']),
    data: z.string().meta({ contentMediaType: 'application/json', description: 'A Job, as JSON.' }),
  })
  .meta({
    id: 'JobEvent',
    description:
      'One event of the stream: `progress` whenever something changed, last of all one of the others. Lines that begin with a colon keep the connection alive.',
  });
const lastEventHeaders = z.object({ 'last-event-id': z.string().max(64).optional() });

/** `GET /jobs/:id/events`. */
export function eventRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const { config, described } = secured('jobs:read', 'followJob');
    const schema = {
      ...described,
      summary: 'Follow a job',
      description:
        'Server-sent events until the job has ended. A client that comes back with `Last-Event-ID` hears only what is new; 204 means there is nothing more to hear.',
      params: jobParams,
      headers: lastEventHeaders,
      response: {
        200: { description: 'The stream', content: { 'text/event-stream': { schema: event } } },
        204: z.null().meta({ description: 'The last event was heard already' }),
        ...refusals(400, 404),
      },
    };
    app.get('/jobs/:id/events', { config, schema }, async (request, reply) => {
      const lastEventId = request.headers['last-event-id'];
      const seat = acquireWaitSlot(deps, request, reply);
      const sightings = deps.watch.follow(request.params.id, seat.signal);
      let first: JobState;
      try {
        // In front of the first byte, while a job that is not there can still be answered with 404.
        first = (await sightings.next()).value as JobState;
      } catch (error) {
        seat.leave();
        throw error;
      }
      if (wasLast(first, lastEventId)) {
        seat.leave();
        await sightings.return(undefined);
        return reply.code(204).send(null);
      }
      const text = eventStream(withFirst(first, sightings), lastEventId, deps.nowMs);
      const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
      const stream = Readable.from(text, { objectMode: false });
      stream.once('close', seat.leave);
      return reply
        .code(200)
        .headers(headers)
        .type('text/event-stream')
        .send(stream as never);
    });
  };
}

async function* withFirst(first: JobState, rest: AsyncIterable<JobState>): AsyncGenerator<JobState> {
  yield first;
  yield* rest;
}
