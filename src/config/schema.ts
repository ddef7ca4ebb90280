import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { TASK_QUEUE } from '../contract/names';
import {
  hostAndPort,
  httpOrigin,
  httpUrl,
  httpUrlWithQuery,
  mongoUri,
  textWithoutCredentials,
} from './addresses';

export type Environment = Readonly<Record<string, string | undefined>>;

const mountPath = z
  .string()
  .regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/, 'is not a mount path such as transit or team/transit')
  .max(256);
const text = z.string().min(1).max(4096);
const pemText = z.string().max(65_536);
/** Temporal writes both texts with a dot between them. */
const deploymentText = z
  .string()
  .regex(/^[\w-][\w.:-]*$/, 'is not letters, digits, hyphens, dots and colons')
  .max(128);
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** A secret that is sent in a header. Libraries quote a value that no header may have in their errors. */
const headerText = (maxCharacters: number) =>
  z
    .string()
    .max(maxCharacters)
    .refine((value) => /^[ -~]+$/.test(value.trim()), 'contains a character that no HTTP header may have');
const secretText = headerText(4096);

/** A port to serve metrics on: 0 is any free one, `off` none. */
const endpointPort = z
  .string()
  .regex(/^(off|0|[1-9]\d{0,4})$/, 'is neither a port nor off')
  .refine((given) => given === 'off' || Number(given) <= 65_535, 'is above 65535');

/** MongoDB reads a dot as a path and a leading dollar sign as an operator. */
const memberName = z
  .string()
  .regex(
    /^(?!_id$|__proto__$)[A-Za-z_][\w-]{0,63}$/,
    'is not the name of a top-level member: 1 to 64 letters, digits, _ and -, no digit first, and not _id',
  );
/** Temporary credentials of AWS have tokens of several kilobytes. */
const token = headerText(16_384);
const certificates = z
  .string()
  .max(1_048_576)
  .superRefine((value, context) => {
    const params = { code: 'TLS_FILE_INVALID' };
    if (!areCertificates(value))
      context.addIssue({ code: 'custom', message: 'has no certificate in PEM format', params });
  });

/** Collections in which this product keeps its rows. */
export const OWN_COLLECTIONS: readonly string[] = [
  'snapshots',
  'snapshotchunks',
  'windowleases',
  'assets',
  'jobs',
  'idempotencykeys',
  'ledgerheads',
  'ledgerleaves',
];

/** Every setting, grouped by the part that reads it. A name is that of the environment variable; in lower case it is the key of the file. */
export const VARIABLES = {
  database: { MONGODB_URI: mongoUri },
  log: {
    AUDIT_COLLECTION: z
      .string()
      .regex(
        /^(?!system\.)[A-Za-z_][\w-]*(\.[\w-]+)*$/,
        'is not the name of a collection such as events or app.events',
      )
      .max(120)
      .refine((name) => !OWN_COLLECTIONS.includes(name), 'is a collection of audit-snapshot itself')
      .default('auditlogs'),
    AUDIT_TIME_MEMBER: memberName.default('timestamp'),
    AUDIT_HASH_MEMBER: memberName.default('hash'),
    AUDIT_IMMUTABLE_MEMBER: memberName.default('immutable'),
    AUDIT_SNAPSHOT_ID_MEMBER: memberName.default('snapshotId'),
    AUDIT_ELIGIBLE: z.enum(['flagged', 'unmarked']).default('flagged'),
  },
  temporal: {
    TEMPORAL_ADDRESS: hostAndPort.optional(),
    TEMPORAL_NAMESPACE: text.default('default'),
    TEMPORAL_PROFILE: text.optional(),
    TEMPORAL_CONFIG_FILE: text.optional(),
    TEMPORAL_API_KEY: secretText.optional(),
    TEMPORAL_TLS: z.enum(['true', 'false', '1', '0']).optional(),
    TEMPORAL_TLS_SERVER_NAME: text.optional(),
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: text.optional(),
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: pemText.optional(),
    TEMPORAL_TLS_CLIENT_CERT_PATH: text.optional(),
    TEMPORAL_TLS_CLIENT_CERT_DATA: pemText.optional(),
    TEMPORAL_TLS_CLIENT_KEY_PATH: text.optional(),
    TEMPORAL_TLS_CLIENT_KEY_DATA: pemText.optional(),
    TEMPORAL_CODEC_SECRET: z
      .string()
      .regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)+$/, 'is not a path such as secret/data/audit-snapshot')
      .optional(),
    TEMPORAL_TASK_QUEUE: text.default(TASK_QUEUE),
    TEMPORAL_UI_URL: httpUrl.optional(),
  },
  vault: {
    VAULT_ADDR: httpUrl,
    VAULT_NAMESPACE: z
      .string()
      .regex(/^[\w.-]+(\/[\w.-]+)*\/?$/, 'is not a path such as team/audit')
      .optional(),
    VAULT_CACERT: text.optional(),
    VAULT_AUTH_METHOD: z.enum(['approle', 'token', 'kubernetes', 'jwt']).optional(),
    VAULT_AUTH_MOUNT: mountPath.optional(),
    VAULT_ROLE: text.optional(),
    VAULT_JWT: text.optional(),
    VAULT_ROLE_ID: text.optional(),
    VAULT_SECRET_ID: text.optional(),
    VAULT_TOKEN: secretText.optional(),
    VAULT_TRANSIT_MOUNT: mountPath.default('transit'),
    VAULT_TRANSIT_KEY: text.default('audit-snapshot'),
  },
  storage: {
    S3_ENDPOINT: httpOrigin,
    S3_ACCESS_KEY: text.optional(),
    S3_SECRET_KEY: text.optional(),
    S3_SESSION_TOKEN: token.optional(),
    S3_BUCKET: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is not the name of a bucket')
      .default('audit-snapshots'),
    S3_REGION: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'is not a region')
      .default('us-east-1'),
    S3_PATH_STYLE: z.enum(['true', 'false']).default('true'),
    S3_CA: certificates.optional(),
    S3_CONNECT_SECONDS: whole(1, 300).default(10),
    S3_IDLE_SECONDS: whole(1, 3600).default(30),
    S3_REQUEST_SECONDS: whole(1, 3600).default(300),
  },
  aws: {
    AWS_ACCESS_KEY_ID: text.optional(),
    AWS_SECRET_ACCESS_KEY: text.optional(),
    AWS_SESSION_TOKEN: token.optional(),
    AWS_WEB_IDENTITY_TOKEN_FILE: text.optional(),
    AWS_ROLE_ARN: text.optional(),
    AWS_ROLE_SESSION_NAME: z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, 'is not a session name')
      .default('audit-snapshot'),
    AWS_ENDPOINT_URL_STS: httpUrl.optional(),
    AWS_CONTAINER_CREDENTIALS_FULL_URI: httpUrlWithQuery.optional(),
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: z.string().regex(/^\//, 'does not start with /').optional(),
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token.optional(),
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: text.optional(),
    AWS_EC2_METADATA_DISABLED: z.enum(['true', 'false']).default('false'),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: httpOrigin.default('http://169.254.169.254'),
  },
  sealing: {
    AUDIT_ORIGIN: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9._-]*)*$/,
        'is not a schema-less URL such as example.com/audit',
      )
      .max(128),
    AUDIT_HASH_SCHEME: z.enum(['bson-sha256/v1', 'opaque']).default('bson-sha256/v1'),
    AUDIT_RETENTION_DAYS: whole(1, 36_500).default(2190),
    AUDIT_HOLD_DAYS: whole(1, 365).default(7),
    TSA_URL: httpUrlWithQuery.optional(),
    TSA_CA: certificates.optional(),
    AUDIT_LATE_HOURS: whole(0, 87_600).default(24),
    AUDIT_LOG_RETENTION_DAYS: whole(1, 36_500).optional(),
    AUDIT_CHUNK_RECORDS: whole(1, 65_536).default(32_768),
    AUDIT_CHUNK_BYTES: whole(1024, 33_554_432).default(33_554_432),
  },
  reporting: { JOB_SERVICE_URL: httpUrl.optional(), JOB_SERVICE_TOKEN: secretText.optional() },
  jobService: {
    PORT: whole(0, 65_535).default(8080),
    HOST: text.default('127.0.0.1'),
    JOB_SERVICE_KEYS: z.string().max(1_048_576).optional(),
    JOB_SERVICE_JWKS_URL: httpUrlWithQuery.optional(),
    JOB_SERVICE_JWT_ISSUER: textWithoutCredentials.optional(),
    JOB_SERVICE_JWT_AUDIENCE: text.optional(),
    JOB_SERVICE_JWT_TENANT_CLAIM: text.default('tenant'),
    JOB_SERVICE_VISIBILITY: z.enum(['all', 'tenant', 'own']).default('all'),
    JOB_SERVICE_AUDIT_ENTRIES: z.enum(['true', 'false']).default('true'),
    JOB_SERVICE_TLS_CERT: certificates.optional(),
    JOB_SERVICE_TLS_KEY: pemText.optional(),
    JOB_SERVICE_TLS_CLIENT_CA: certificates.optional(),
    JOB_SERVICE_INSECURE_NO_AUTH: z.enum(['true', 'false']).default('false'),
    JOB_SERVICE_REQUESTS_PER_MINUTE: whole(1, 1_000_000).default(1200),
    JOB_SERVICE_SUBMISSIONS_PER_MINUTE: whole(1, 1_000_000).default(120),
    JOB_SERVICE_IDEMPOTENCY_HOURS: whole(24, 8760).default(48),
    JOB_SERVICE_CODEC_ORIGIN: httpUrl.optional(),
    JOB_SERVICE_DRAIN_SECONDS: whole(0, 300).default(5),
    JOB_SERVICE_METRICS_PORT: endpointPort.optional(),
  },
  worker: {
    WORKER_PROCESSES: whole(1, 32).default(2),
    WORKER_ACTIVITIES: whole(1, 64).default(6),
    WORKER_IDENTITY: text.optional(),
    WORKER_HTTP_PORT: endpointPort.optional(),
    WORKER_PROBE_SECONDS: whole(1, 3600).default(60),
    WORKER_VERSIONING: z.enum(['off', 'pinned', 'auto-upgrade']).default('off'),
    WORKER_DEPLOYMENT_NAME: deploymentText.default('audit-snapshot'),
    WORKER_BUILD_ID: deploymentText.optional(),
  },
  logging: { LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info') },
} as const;

/** Settings that are never shown, and that a file may contain only when no other user can read it. */
export const SECRETS: ReadonlySet<string> = new Set([
  'MONGODB_URI',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'VAULT_SECRET_ID',
  'VAULT_TOKEN',
  'VAULT_JWT',
  'S3_SECRET_KEY',
  'S3_SESSION_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'JOB_SERVICE_TOKEN',
  'JOB_SERVICE_TLS_KEY',
]);

/** Name and schema of every setting, in the order of the documentation. */
export const SCHEMAS: Readonly<Record<string, z.ZodType<string | number | undefined>>> = Object.assign(
  {},
  ...Object.values(VARIABLES),
);

export const NAMES: readonly string[] = Object.keys(SCHEMAS);

function areCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block).subject !== undefined);
  } catch {
    return false;
  }
}
