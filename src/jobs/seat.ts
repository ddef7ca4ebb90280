import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Seat } from './jobWatch';
import type { RouteDeps } from './routeDeps';

/** Runs something that waits; its signal is aborted when the client goes away or the service shuts down. */
export async function withSeat<T>(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const seat = takeSeat(deps, request, reply);
  try {
    return await run(seat.signal);
  } finally {
    seat.leave();
  }
}

/** The same for what goes on behind the handler; the caller leaves. */
export function takeSeat({ watch }: RouteDeps, { caller }: FastifyRequest, { raw }: FastifyReply): Seat {
  const seat = watch.sit(caller.name);
  raw.once('close', seat.leave);
  return seat;
}
