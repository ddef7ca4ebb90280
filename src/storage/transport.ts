import {
  request as requestHttp,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ClientOptions } from 'minio';
import { enforceDeadlines, type Deadlines } from '../net/deadlines';
import { CHECKED, setHeaders } from '../net/exchange';
import { readRefusal } from './refusal';

type OnResponse = (response: IncomingMessage) => void;

/**
 * Sends what the minio client signed, with deadlines. Every error response is read here and becomes a {@link Refusal}: the
 * client leaves some unread, which occupies their connections, reads others without a limit, and fails on bodies that are
 * not XML. The body of a successful response is for the caller to read.
 */
export function boundedTransport(deadlines: Deadlines): NonNullable<ClientOptions['transport']> {
  return {
    request(target: RequestOptions | string | URL, onResponse?: RequestOptions | OnResponse): ClientRequest {
      if (typeof target === 'string' || target instanceof URL || typeof onResponse !== 'function')
        throw new TypeError('the minio client calls its transport with options and a callback');
      const start = target.protocol === 'https:' ? requestHttps : requestHttp;
      const { headers = {}, ...options } = target;
      const sent = start({ ...options, ...CHECKED }, (response) => {
        if ((response.statusCode ?? 0) < 300) onResponse(response);
        else void refuse(sent, response);
      });
      setHeaders(sent, headers as OutgoingHttpHeaders);
      enforceDeadlines(sent, deadlines);
      return sent;
    },
  };
}

/** Gives the client the refusal instead of what ends the connection while its body is read. */
async function refuse(sent: ClientRequest, response: IncomingMessage): Promise<void> {
  const listeners = sent.rawListeners('error');
  sent.removeAllListeners('error').on('error', () => undefined);
  const refusal = await readRefusal(response);
  for (const listener of listeners) listener.call(sent, refusal);
}
