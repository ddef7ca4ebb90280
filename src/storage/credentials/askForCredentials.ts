import { SnapshotError, messageOf } from '../../errors';
import { exchange, type Answer, type Question } from '../../net/exchange';
import type { TemporaryCredentials } from './renewedCredentials';

const MAX_ANSWER_BYTES = 65_536;

/** Asks a source of credentials; `source` is its name in messages. STORAGE_UNREACHABLE without a complete response. */
export async function askForCredentials(
  source: string,
  url: URL,
  question: Omit<Question, 'maxBytes'>,
): Promise<Answer> {
  try {
    return await exchange(url, { ...question, maxBytes: MAX_ANSWER_BYTES });
  } catch (error) {
    const reason = messageOf(error) === '' ? 'no connection' : messageOf(error);
    const message = `${source} does not answer: ${reason} [url=${url.origin}]`;
    throw new SnapshotError('STORAGE_UNREACHABLE', message, { retryable: true });
  }
}

/** STORAGE_UNAUTHORIZED, which is retryable for statuses that may pass. `said` is the reason that the source gave. */
export function sourceRefuses(source: string, url: URL, status: number, said: string): SnapshotError {
  const reason = said === '' ? `status ${status}` : `status ${status}, ${said}`;
  return new SnapshotError(
    'STORAGE_UNAUTHORIZED',
    `${source} gives no storage credentials: ${reason} [url=${url.origin}]`,
    { retryable: status === 429 || status >= 500 },
  );
}

/** Reads the four members of credentials, by the names that AWS uses. STORAGE_UNAUTHORIZED when one is missing. */
export function credentialsFrom(
  source: string,
  url: URL,
  values: Readonly<Record<'accessKey' | 'secretKey' | 'sessionToken' | 'expiration', unknown>>,
): TemporaryCredentials {
  const { accessKey, secretKey, sessionToken, expiration } = values;
  const expiresAtMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  if (
    typeof accessKey === 'string' &&
    typeof secretKey === 'string' &&
    typeof sessionToken === 'string' &&
    accessKey !== '' &&
    secretKey !== '' &&
    !Number.isNaN(expiresAtMs)
  )
    return { accessKey, secretKey, sessionToken, expiresAtMs };
  throw new SnapshotError(
    'STORAGE_UNAUTHORIZED',
    `${source} answers with something other than credentials [url=${url.origin}]`,
  );
}

/** Reads the JSON document that containers and instances get. */
export function credentialsFromJson(source: string, url: URL, body: Buffer): TemporaryCredentials {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    parsed = undefined;
  }
  const member = (name: string): unknown =>
    typeof parsed === 'object' && parsed !== null
      ? Object.entries(parsed).find(([own]) => own === name)?.[1]
      : undefined;
  return credentialsFrom(source, url, {
    accessKey: member('AccessKeyId'),
    secretKey: member('SecretAccessKey'),
    sessionToken: member('Token'),
    expiration: member('Expiration'),
  });
}
