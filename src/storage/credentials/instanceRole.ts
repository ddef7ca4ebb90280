import { SnapshotError } from '../../errors';
import type { Deadlines } from '../../net/deadlines';
import type { Answer } from '../../net/exchange';
import { askForCredentials, credentialsFromJson, sourceRefuses } from './askForCredentials';
import type { CredentialSource } from './renewedCredentials';

const SOURCE = 'the instance metadata service';
const ROLES = '/latest/meta-data/iam/security-credentials/';
const TOKEN_SECONDS = '21600';
/** The service is on the same machine. Elsewhere nothing answers at its address. */
const DEADLINES: Deadlines = { connectMs: 1_000, idleMs: 2_000, requestMs: 5_000 };

/** Credentials of the role of an EC2 instance, by version 2 of the metadata service: each renewal gets a new token first. */
export function instanceCredentials(origin: string): CredentialSource {
  const ask = async (method: 'GET' | 'PUT', path: string, headers: Record<string, string>) => {
    const url = new URL(path, origin);
    return { url, answer: await askForCredentials(SOURCE, url, { method, headers, deadlines: DEADLINES }) };
  };
  return async () => {
    const opened = await ask('PUT', '/latest/api/token', {
      'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS,
    });
    const token = textOf(opened.url, opened.answer);
    if (!/^[\x21-\x7e]+$/.test(token)) throw sourceRefuses(SOURCE, opened.url, 200, 'without a token');
    const headers = { 'x-aws-ec2-metadata-token': token };
    const listed = await ask('GET', ROLES, headers);
    if (listed.answer.status === 404) throw withoutRole(listed.url);
    const [role = ''] = textOf(listed.url, listed.answer).split('\n');
    if (role.trim() === '') throw withoutRole(listed.url);
    const { url, answer } = await ask('GET', ROLES + encodeURIComponent(role.trim()), headers);
    textOf(url, answer);
    return credentialsFromJson(SOURCE, url, answer.body);
  };
}

function textOf(url: URL, { status, body }: Answer): string {
  if (status !== 200) throw sourceRefuses(SOURCE, url, status, '');
  return body.toString('utf8').trim();
}

function withoutRole({ origin }: URL): SnapshotError {
  return new SnapshotError(
    'STORAGE_CREDENTIALS_MISSING',
    `the instance has no role: attach an instance profile, or set S3_ACCESS_KEY and S3_SECRET_KEY [url=${origin}]`,
  );
}
