import { SnapshotError, messageOf } from '../errors';
import { MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import { readTimestamp, timestampRequest } from '../evidence/timestamp';
import type { Timestamper } from '../ports/timestamper';

const TIMEOUT_MS = 20_000;

/** An RFC 3161 authority by HTTP (section 3.4). What it refuses, and what is no answer, is TIMESTAMP_FAILED, retryable. */
export function tsaClient(url: string): Timestamper {
  const failed = (how: string, cause?: unknown) =>
    new SnapshotError('TIMESTAMP_FAILED', `the timestamp authority ${how} [url=${new URL(url).origin}]`, {
      retryable: true,
      cause,
    });
  return {
    async timestamp(digest) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
        body: new Uint8Array(timestampRequest(digest)),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((cause: unknown) => {
        throw failed(`does not answer: ${messageOf(cause)}`, cause);
      });
      if (!response.ok) throw failed(`answers ${response.status}`);
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of response.body ?? []) {
        size += (part as Uint8Array).length;
        if (size > MAX_TIMESTAMP_BYTES) throw failed(`sends more than ${MAX_TIMESTAMP_BYTES} bytes`);
        parts.push(Buffer.from(part as Uint8Array));
      }
      const answer = Buffer.concat(parts);
      const outcome = readTimestamp(answer, digest);
      if (outcome !== 'granted') throw failed(`gave no timestamp: ${outcome}`);
      return answer;
    },
  };
}
