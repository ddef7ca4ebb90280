import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WaitSlot } from './jobPoller';
import type { RouteDeps } from '../routes/routeDeps';

/** Runs something that waits; its signal is aborted when the client goes away or the service shuts down. */
export async function withSeat<T>(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const seat = acquireWaitSlot(deps, request, reply);
  try {
    return await run(seat.signal);
  } finally {
    seat.leave();
  }
}

/** The same for what goes on behind the handler; the caller leaves. */
export function acquireWaitSlot(
  { watch }: RouteDeps,
  { caller }: FastifyRequest,
  { raw }: FastifyReply,
): WaitSlot {
  const seat = watch.sit(caller.name);
  raw.once('close', seat.leave);
  return seat;
}
