import { isIPv4 } from 'node:net';
import { SnapshotError } from '../../errors';
import type { StorageConfig } from '../../config';
import type { Deadlines } from '../../net/deadlines';
import { askForCredentials, credentialsFromJson, sourceRefuses } from './askForCredentials';
import { readTokenFile } from './readTokenFile';
import type { CredentialSource } from './renewedCredentials';

const SOURCE = 'the credential endpoint of the container';
/** Link-local addresses of ECS and of EKS Pod Identity. */
const AWS_HOSTS: ReadonlySet<string> = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]']);

/** Credentials of an ECS task or of EKS Pod Identity, whose token file is read at every renewal. */
export function containerCredentials(
  { url: address, token, tokenFile }: NonNullable<StorageConfig['aws']['container']>,
  deadlines: Deadlines,
): CredentialSource {
  const url = new URL(address);
  return async () => {
    refuseForeignHost(url);
    const authorization =
      tokenFile === undefined
        ? token
        : await readTokenFile('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', tokenFile);
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const { status, body } = await askForCredentials(SOURCE, url, { method: 'GET', headers, deadlines });
    if (status !== 200) throw sourceRefuses(SOURCE, url, status, '');
    return credentialsFromJson(SOURCE, url, body);
  };
}

/** The token is sent in clear text only to this machine or to the addresses of AWS, as the AWS SDKs do. */
function refuseForeignHost({ protocol, hostname, origin }: URL): void {
  const isLoopback =
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
  if (protocol === 'https:' || isLoopback || AWS_HOSTS.has(hostname)) return;
  throw new SnapshotError(
    'CONFIG_INVALID',
    `AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://, or an address of this machine or of AWS [url=${origin}]`,
  );
}
