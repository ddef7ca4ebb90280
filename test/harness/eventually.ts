import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/** Polls until `holds` is true; rejects with `what` in the message after `timeoutMs`. For what other processes do. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(POLL_MS);
  }
}
