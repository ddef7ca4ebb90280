import { SnapshotError, messageOf } from '../errors';
import { MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import { readTimestamp, timestampRequest } from '../evidence/timestamp';
import { isCertificateError } from '../net/certificateErrors';
import type { Deadlines } from '../net/deadlines';
import { exchange, type Answer } from '../net/exchange';
import type { Timestamper } from '../ports/timestamper';

/** An authority answers a small request at once; some sign on slow hardware. */
const DEADLINES: Deadlines = { connectMs: 10_000, idleMs: 15_000, requestMs: 20_000 };

interface TsaOptions {
  /** PEM certificates to trust instead of those of Node.js. */
  readonly ca?: string | undefined;
  readonly deadlines?: Deadlines;
}

/**
 * An RFC 3161 authority over HTTP (section 3.4). Every failure is TIMESTAMP_FAILED. It is retryable unless the same request
 * would fail again: a redirect, a client error, a certificate that is not trusted.
 */
export function tsaClient(url: string, { ca, deadlines = DEADLINES }: TsaOptions = {}): Timestamper {
  const address = new URL(url);
  const failure = (how: string, retryable: boolean) =>
    new SnapshotError('TIMESTAMP_FAILED', `the timestamp authority ${how} [url=${address.origin}]`, {
      retryable,
    });
  return {
    async timestamp(digest) {
      const answer = await ask(address, Buffer.from(timestampRequest(digest)), ca, deadlines).catch(
        (error: unknown) => {
          const trust = isCertificateError(error)
            ? '; set TSA_CA_FILE to the certificate of its authority'
            : '';
          throw failure(`does not answer: ${reasonOf(error)}${trust}`, trust === '');
        },
      );
      refuseStatus(answer, failure);
      const outcome = readTimestamp(answer.body, digest);
      if (outcome === 'malformed')
        throw failure('answers with something other than a timestamp: check TSA_URL', true);
      if (outcome !== 'granted') throw failure(`granted no timestamp: ${outcome}`, true);
      return answer.body;
    },
  };
}

function ask(url: URL, body: Buffer, ca: string | undefined, deadlines: Deadlines): Promise<Answer> {
  const headers = { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' };
  return exchange(url, { method: 'POST', headers, body, ca, deadlines, maxBytes: MAX_TIMESTAMP_BYTES });
}

/** A redirect is not followed: it could lead the request, and the choice of the authority, to another party. */
function refuseStatus(
  { status, headers }: Answer,
  failure: (how: string, retryable: boolean) => SnapshotError,
): void {
  if (status === 200) return;
  if (status >= 300 && status < 400) {
    const target = URL.canParse(headers.location ?? '')
      ? ` to ${new URL(headers.location ?? '').origin}`
      : '';
    throw failure(`redirects${target}: set TSA_URL to the final address`, false);
  }
  throw failure(`answers with status ${status}`, status >= 500 || status === 429 || status === 408);
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === '' ? 'no connection' : message;
}
