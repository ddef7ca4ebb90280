import { SnapshotError, messageOf } from '../errors';
import { MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import { readTimestamp, timestampRequest } from '../evidence/timestamp';
import type { Timestamper } from '../ports/timestamper';

// This room is the timestamp authority, an external service that certifies when a manifest existed.

const TIMEOUT_MS = 20_000;

type Failure = (how: string, cause?: unknown) => SnapshotError;

/** An RFC 3161 authority over HTTP (section 3.4). Every failure and every rejection is TIMESTAMP_FAILED, retryable. */
export function tsaClient(url: string): Timestamper {
  const failure: Failure = (how, cause) => {
    const message = `the timestamp authority ${how} [url=${new URL(url).origin}]`;
    return new SnapshotError('TIMESTAMP_FAILED', message, { retryable: true, cause });
  };
  return {
    async timestamp(digest) {
      const response = await post(url, timestampRequest(digest), failure);
      const bytes = await readBody(response, failure);
      const outcome = readTimestamp(bytes, digest);
      if (outcome !== 'granted') throw failure(`granted no timestamp: ${outcome}`);
      return bytes;
    },
  };
}

async function post(url: string, request: Uint8Array, failure: Failure): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: new Uint8Array(request),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw failure(`does not answer: ${messageOf(cause)}`, cause);
  });
  if (!response.ok) throw failure(`answers ${response.status}`);
  return response;
}

/** At most `MAX_TIMESTAMP_BYTES` are read. */
async function readBody({ body }: Response, failure: Failure): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_TIMESTAMP_BYTES) throw failure(`sends more than ${MAX_TIMESTAMP_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
