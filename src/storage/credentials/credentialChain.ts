import { SnapshotError, isSnapshotError } from '../../errors';
import type { StorageConfig } from '../../config';
import { containerCredentials } from './containerRole';
import { instanceCredentials } from './instanceRole';
import { RenewedCredentials, type CredentialSource } from './renewedCredentials';
import { webIdentityCredentials } from './webIdentity';

/**
 * The renewed credentials of the first source that is configured: web identity, container, instance. Undefined when the
 * settings contain a key. The providers of the minio package are not used: they have no deadlines, put the token of a web
 * identity into an address, and read neither the token file of a container nor the members that AWS sends.
 */
export function temporaryCredentials(config: StorageConfig): RenewedCredentials | undefined {
  if (config.accessKey !== undefined) return undefined;
  return new RenewedCredentials(sourceOf(config));
}

function sourceOf({ aws, ca, deadlines }: StorageConfig): CredentialSource {
  if (aws.webIdentity) return webIdentityCredentials(aws.webIdentity, ca, deadlines);
  if (aws.container) return containerCredentials(aws.container, deadlines);
  const { instanceUrl } = aws;
  if (instanceUrl === undefined) return () => Promise.reject(missing('the instance role is turned off'));
  const instance = instanceCredentials(instanceUrl);
  return () =>
    instance().catch((error: unknown) => {
      // Outside of EC2 nothing answers there, so this is the end of the chain.
      throw isSnapshotError(error, 'STORAGE_UNREACHABLE') ? missing(error.message) : error;
    });
}

function missing(last: string): SnapshotError {
  return new SnapshotError(
    'STORAGE_CREDENTIALS_MISSING',
    `no storage credentials were found: set S3_ACCESS_KEY and S3_SECRET_KEY, or AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or run where AWS gives a container or instance role (${last})`,
  );
}
