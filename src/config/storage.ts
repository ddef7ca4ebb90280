import { isIP } from 'node:net';
import type { z } from 'zod';
import { invalid } from './problems';
import type { VARIABLES } from './schema';

export interface StorageConfig {
  /** Protocol, host and port; nothing else. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  /** False: the bucket is part of the host name. */
  readonly pathStyle: boolean;
  /** PEM certificates to trust instead of those of Node.js. */
  readonly ca: string | undefined;
  /** Both, or neither: then the sources in `aws` are tried. */
  readonly accessKey: string | undefined;
  readonly secretKey: string | undefined;
  readonly sessionToken: string | undefined;
  readonly aws: AwsSources;
  readonly deadlines: { readonly connectMs: number; readonly idleMs: number; readonly requestMs: number };
}

/** Where AWS gives credentials to a process, by the variables that its SDKs read. */
interface AwsSources {
  readonly webIdentity: WebIdentitySource | undefined;
  readonly container: ContainerSource | undefined;
  /** Address of the instance metadata service (IMDSv2); undefined: it is turned off. */
  readonly instanceUrl: string | undefined;
}
/** A file with a token that the Security Token Service (STS) exchanges for credentials, as on EKS. */
interface WebIdentitySource {
  readonly tokenFile: string;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly stsUrl: string;
}
/** An endpoint that the container runtime provides (ECS, EKS Pod Identity). */
interface ContainerSource {
  readonly url: string;
  readonly token: string | undefined;
  /** Has precedence over `token`; the runtime replaces its content. */
  readonly tokenFile: string | undefined;
}

type Values = z.output<z.ZodObject<typeof VARIABLES.storage & typeof VARIABLES.aws>>;

const SECOND_MS = 1000;
/** Amazon ECS serves relative addresses here. */
const ECS_ORIGIN = 'http://169.254.170.2';

/** CONFIG_INVALID when settings contradict each other, or one of a pair is missing. */
export function storageConfigOf(values: Values): StorageConfig {
  return {
    endpoint: values.S3_ENDPOINT,
    bucket: values.S3_BUCKET,
    region: values.S3_REGION,
    pathStyle: pathStyleOf(values),
    ca: values.S3_CA,
    ...staticCredentialsOf(values),
    aws: {
      webIdentity: webIdentityOf(values),
      container: containerOf(values),
      instanceUrl:
        values.AWS_EC2_METADATA_DISABLED === 'true' ? undefined : values.AWS_EC2_METADATA_SERVICE_ENDPOINT,
    },
    deadlines: {
      connectMs: values.S3_CONNECT_SECONDS * SECOND_MS,
      idleMs: values.S3_IDLE_SECONDS * SECOND_MS,
      requestMs: values.S3_REQUEST_SECONDS * SECOND_MS,
    },
  };
}

function pathStyleOf({ S3_PATH_STYLE, S3_ENDPOINT, S3_BUCKET }: Values): boolean {
  if (S3_PATH_STYLE === 'true') return true;
  const { hostname, protocol } = new URL(S3_ENDPOINT);
  if (isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0)
    throw invalid('S3_PATH_STYLE=false needs a host name in S3_ENDPOINT, not an IP address');
  if (protocol === 'https:' && S3_BUCKET.includes('.'))
    throw invalid('S3_PATH_STYLE=false needs a bucket name without dots: no certificate covers it with dots');
  return false;
}

function staticCredentialsOf(values: Values) {
  const own = [values.S3_ACCESS_KEY, values.S3_SECRET_KEY] as const;
  const aws = [values.AWS_ACCESS_KEY_ID, values.AWS_SECRET_ACCESS_KEY] as const;
  bothOrNeither('S3_ACCESS_KEY', own[0], 'S3_SECRET_KEY', own[1]);
  if (own[0] === undefined && values.S3_SESSION_TOKEN !== undefined)
    throw invalid('S3_SESSION_TOKEN needs S3_ACCESS_KEY and S3_SECRET_KEY');
  if (own[0] !== undefined)
    return { accessKey: own[0], secretKey: own[1], sessionToken: values.S3_SESSION_TOKEN };
  bothOrNeither('AWS_ACCESS_KEY_ID', aws[0], 'AWS_SECRET_ACCESS_KEY', aws[1]);
  return { accessKey: aws[0], secretKey: aws[1], sessionToken: values.AWS_SESSION_TOKEN };
}

function webIdentityOf(values: Values): WebIdentitySource | undefined {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: roleArn, S3_REGION: region } = values;
  if (tokenFile === undefined) return undefined;
  if (roleArn === undefined) throw invalid('AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN');
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const stsUrl = values.AWS_ENDPOINT_URL_STS ?? `https://sts.${region}.${domain}`;
  return { tokenFile, roleArn, sessionName: values.AWS_ROLE_SESSION_NAME, stsUrl };
}

function containerOf(values: Values): ContainerSource | undefined {
  const relative = values.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const url =
    relative === undefined ? values.AWS_CONTAINER_CREDENTIALS_FULL_URI : new URL(ECS_ORIGIN + relative).href;
  if (url === undefined) return undefined;
  const tokenFile = values.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  return { url, token: values.AWS_CONTAINER_AUTHORIZATION_TOKEN, tokenFile };
}

function bothOrNeither(
  first: string,
  firstValue: string | undefined,
  second: string,
  secondValue: string | undefined,
): void {
  if ((firstValue === undefined) === (secondValue === undefined)) return;
  const [set, missing] = firstValue === undefined ? [second, first] : [first, second];
  throw invalid(`${missing} is not set, but ${set} is`);
}
