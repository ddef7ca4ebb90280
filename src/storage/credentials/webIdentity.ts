import { SnapshotError } from '../../errors';
import type { StorageConfig } from '../../config';
import type { Deadlines } from '../../net/deadlines';
import { askForCredentials, credentialsFrom, sourceRefuses } from './askForCredentials';
import { readTokenFile } from './readTokenFile';
import type { CredentialSource } from './renewedCredentials';

const SOURCE = 'the AWS Security Token Service';
/** The token itself, or the service that issued it, may be replaced soon. */
const TEMPORARY =
  /^(ExpiredTokenException|IDPCommunicationError|Throttling|ServiceUnavailable|InternalFailure)$/;

/**
 * `AssumeRoleWithWebIdentity`: exchanges the token of a file, which Kubernetes replaces, for credentials of a role. The
 * token is sent in the body, because servers log addresses.
 */
export function webIdentityCredentials(
  { tokenFile, roleArn, sessionName, stsUrl }: NonNullable<StorageConfig['aws']['webIdentity']>,
  ca: string | undefined,
  deadlines: Deadlines,
): CredentialSource {
  const url = new URL(stsUrl);
  return async () => {
    const token = await readTokenFile('AWS_WEB_IDENTITY_TOKEN_FILE', tokenFile);
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      WebIdentityToken: token,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/xml' };
    const answer = await askForCredentials(SOURCE, url, { method: 'POST', headers, body, ca, deadlines });
    const xml = answer.body.toString('utf8');
    if (answer.status !== 200) throw refusalOf(url, answer.status, xml, [token, roleArn]);
    return credentialsFrom(SOURCE, url, {
      accessKey: elementOf(xml, 'AccessKeyId'),
      secretKey: elementOf(xml, 'SecretAccessKey'),
      sessionToken: elementOf(xml, 'SessionToken'),
      expiration: elementOf(xml, 'Expiration'),
    });
  };
}

function refusalOf(
  url: URL,
  status: number,
  xml: string,
  [token, role]: readonly [string, string],
): SnapshotError {
  const code = elementOf(xml, 'Code') ?? '';
  const text = (elementOf(xml, 'Message') ?? '').replaceAll(token, '(token)').replaceAll(/\p{Cc}+/gu, ' ');
  const said = [code, text.slice(0, 300), `role ${role}`].filter((part) => part !== '').join(': ');
  const refusal = sourceRefuses(SOURCE, url, status, said);
  if (!TEMPORARY.test(code)) return refusal;
  return new SnapshotError(refusal.code, refusal.message, { retryable: true });
}

/** The values of STS are base64, dates and codes: none contains markup. */
function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.trim();
}
