import type { FastifyReply, FastifyRequest } from 'fastify';
import { SnapshotError } from '../../errors';

/** One open stream or long poll. */
export interface WaitSlot {
  /** Aborted by `release`, when the client disconnects, and when the service shuts down. */
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Open streams and long polls: in total, and of one caller. */
const MAX_SLOTS = 500;
const MAX_SLOTS_PER_CALLER = 100;

/** Bounds how many streams and long polls are open at once. */
export class WaitSlots {
  readonly #callers = new Map<AbortController, string>();
  #closed = false;

  /** A slot until it is released. OVERLOADED, RATE_LIMITED. After `close` its signal is aborted from the start. */
  acquire(callerName: string): WaitSlot {
    const callers = [...this.#callers.values()];
    if (callers.length >= MAX_SLOTS) {
      const message = 'too many streams and long polls are open; try again later';
      throw new SnapshotError('OVERLOADED', message, { retryable: true });
    }
    if (callers.filter((name) => name === callerName).length >= MAX_SLOTS_PER_CALLER) {
      const message = `${callerName} already has ${MAX_SLOTS_PER_CALLER} streams and long polls open; close some`;
      throw new SnapshotError('RATE_LIMITED', message, { retryable: true });
    }

    const abort = new AbortController();
    if (this.#closed) abort.abort();
    else this.#callers.set(abort, callerName);
    const release = () => {
      this.#callers.delete(abort);
      abort.abort();
    };
    return { signal: abort.signal, release };
  }

  /** Ends every open stream and long poll, and every later one at its start. */
  close(): void {
    this.#closed = true;
    for (const abort of this.#callers.keys()) abort.abort();
    this.#callers.clear();
  }
}

/** Acquires a slot that is also released when the client disconnects; the caller releases it. */
export function acquireWaitSlot(slots: WaitSlots, request: FastifyRequest, reply: FastifyReply): WaitSlot {
  const slot = slots.acquire(request.caller.name);
  reply.raw.once('close', slot.release);
  return slot;
}

/** Runs work that waits, within a slot of its own. */
export async function withWaitSlot<T>(
  slots: WaitSlots,
  request: FastifyRequest,
  reply: FastifyReply,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const slot = acquireWaitSlot(slots, request, reply);
  try {
    return await run(slot.signal);
  } finally {
    slot.release();
  }
}
