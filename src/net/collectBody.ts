import type { IncomingMessage } from 'node:http';

/**
 * Adds the body of a response to `parts`, up to `maxBytes`; false when it is longer, and the connection is then closed.
 * Throws when the body is cut off; what arrived until then is in `parts`.
 */
export async function collectBody(
  response: IncomingMessage,
  maxBytes: number,
  parts: Buffer[],
): Promise<boolean> {
  let spareBytes = maxBytes;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part.subarray(0, spareBytes));
    spareBytes -= part.length;
    // Leaving the loop destroys the response, so that nothing more is received.
    if (spareBytes < 0) return false;
  }
  return true;
}
