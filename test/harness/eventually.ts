import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Polls until `holds` is true; rejects after `timeoutMs` with `what` in the message, and what `describe` says of the state
 * then. For what other processes do.
 */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
  describe?: () => Promise<string>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      const state = describe ? `; ${await describe()}` : '';
      throw new Error(`${what}: not within ${timeoutMs} ms${state}`);
    }
    await delay(POLL_MS);
  }
}
