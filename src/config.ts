import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TASK_QUEUE } from './contract/names';
import { SnapshotError } from './errors';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const url = z.url({ protocol: /^https?$/ });
const text = z.string().min(1).max(4096);
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

const databaseShape = { MONGODB_URI: z.string().regex(/^mongodb(\+srv)?:\/\//, 'is not a mongodb:// URI') };
const temporalShape = {
  TEMPORAL_ADDRESS: text,
  TEMPORAL_NAMESPACE: text.default('default'),
  TEMPORAL_TASK_QUEUE: text.default(TASK_QUEUE),
  TEMPORAL_UI_URL: url.optional(),
};
const vaultShape = {
  VAULT_ADDR: url,
  VAULT_ROLE_ID: text.optional(),
  VAULT_SECRET_ID: text.optional(),
  VAULT_TOKEN: text.optional(),
  VAULT_TRANSIT_KEY: text.default('audit-snapshot'),
};
const storageShape = {
  S3_ENDPOINT: url,
  S3_ACCESS_KEY: text,
  S3_SECRET_KEY: text,
  S3_BUCKET: text.default('audit-snapshots'),
  S3_REGION: text.default('us-east-1'),
};
const sealingShape = {
  AUDIT_ORIGIN: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9._-]*)*$/,
      'is not a schema-less URL such as example.com/audit',
    )
    .max(128)
    .default('localhost/audit'),
  AUDIT_HASH_SCHEME: z.enum(['bson-sha256/v1', 'opaque']).default('bson-sha256/v1'),
  AUDIT_RETENTION_DAYS: whole(1, 36_500).default(2190),
  AUDIT_HOLD_DAYS: whole(1, 365).default(7),
  TSA_URL: url.optional(),
  AUDIT_LATE_HOURS: whole(0, 87_600).default(24),
  AUDIT_CHUNK_RECORDS: whole(1, 65_536).default(65_536),
  AUDIT_CHUNK_BYTES: whole(1024, 33_554_432).default(33_554_432),
};
const reportingShape = { JOB_SERVICE_URL: url.optional(), JOB_SERVICE_TOKEN: text.optional() };
const jobServiceShape = {
  PORT: whole(0, 65_535).default(8080),
  HOST: text.default('127.0.0.1'),
  JOB_SERVICE_KEYS: z.string().max(1_048_576).optional(),
  JOB_SERVICE_JWKS_URL: url.optional(),
  JOB_SERVICE_JWT_ISSUER: text.optional(),
  JOB_SERVICE_JWT_AUDIENCE: text.optional(),
  JOB_SERVICE_INSECURE_NO_AUTH: z.enum(['true', 'false']).default('false'),
  JOB_SERVICE_REQUESTS_PER_MINUTE: whole(1, 1_000_000).default(1200),
  JOB_SERVICE_SUBMISSIONS_PER_MINUTE: whole(1, 1_000_000).default(120),
  JOB_SERVICE_IDEMPOTENCY_HOURS: whole(24, 8760).default(48),
  JOB_SERVICE_DRAIN_SECONDS: whole(0, 300).default(5),
};
const workerShape = {
  WORKER_PROCESSES: whole(1, 32).default(2),
  WORKER_ACTIVITIES: whole(1, 64).default(6),
  WORKER_IDENTITY: text.optional(),
};
const loggingShape = { LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info') };

export interface TemporalConfig {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly uiUrl: string | undefined;
}
export interface VaultConfig {
  readonly address: string;
  readonly key: string;
  readonly credentials: { readonly roleId: string; readonly secretId: string } | { readonly token: string };
}
export interface StorageConfig {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: string;
  readonly region: string;
}
export interface JobServiceConfig {
  readonly host: string;
  readonly port: number;
  readonly authentication: {
    /** JSON list of hashed keys. */
    readonly keys: string | undefined;
    readonly jwt:
      { readonly jwksUrl: string; readonly issuer: string; readonly audience: string } | undefined;
  };
  readonly limits: { readonly requestsPerMinute: number; readonly submissionsPerMinute: number };
  readonly idempotencyHours: number;
  /** Between turning unready and refusing connections, for load balancers to notice. */
  readonly drainMs: number;
}
export interface SealingConfig {
  readonly origin: string;
  readonly hashScheme: 'bson-sha256/v1' | 'opaque';
  readonly retentionMs: number;
  readonly holdMs: number;
  readonly lateAllowanceMs: number;
  /** RFC 3161 authority; undefined: no timestamps. */
  readonly tsaUrl: string | undefined;
  readonly chunkLimits: { readonly maxRecords: number; readonly maxBytes: number };
}
export interface WorkerConfig {
  readonly processes: number;
  /** Of all processes together: a chunk is up to 32 MiB unpacked, so this bounds their memory. */
  readonly activitiesAtOnce: number;
  /** Unique among those that run at once; undefined: made up at every start. */
  readonly identity: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one part of the environment; CONFIG_INVALID names every wrong variable at once and never shows a value. */
function read<S extends z.ZodRawShape>(shape: S, env: Environment): z.output<z.ZodObject<S>> {
  const given = Object.fromEntries(
    Object.keys(shape).flatMap((name) => {
      const value = valueOf(name, env);
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return name in given
      ? `${name} ${issue.code === 'custom' ? '' : 'is invalid: '}${issue.message}`
      : `${name} is not set`;
  });
  throw new SnapshotError('CONFIG_INVALID', `configuration: ${faults.join('; ')}`);
}

/** `NAME_FILE` names a file that holds the value, so that secrets need not stand in the environment. */
function valueOf(name: string, env: Environment): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return env[name];
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new SnapshotError('CONFIG_INVALID', `configuration: ${name}_FILE cannot be read: ${file}`, {
      cause,
    });
  }
}

export function readDatabaseConfig(env: Environment = process.env): { readonly uri: string } {
  return { uri: read(databaseShape, env).MONGODB_URI };
}

export function readTemporalConfig(env: Environment = process.env): TemporalConfig {
  const temporal = read(temporalShape, env);
  return {
    address: temporal.TEMPORAL_ADDRESS,
    namespace: temporal.TEMPORAL_NAMESPACE,
    taskQueue: temporal.TEMPORAL_TASK_QUEUE,
    uiUrl: temporal.TEMPORAL_UI_URL,
  };
}

export function readVaultConfig(env: Environment = process.env): VaultConfig {
  const vault = read(vaultShape, env);
  const base = { address: vault.VAULT_ADDR, key: vault.VAULT_TRANSIT_KEY };
  if (vault.VAULT_ROLE_ID !== undefined && vault.VAULT_SECRET_ID !== undefined) {
    return { ...base, credentials: { roleId: vault.VAULT_ROLE_ID, secretId: vault.VAULT_SECRET_ID } };
  }
  if (vault.VAULT_TOKEN !== undefined) return { ...base, credentials: { token: vault.VAULT_TOKEN } };
  throw new SnapshotError(
    'CONFIG_INVALID',
    'configuration: set VAULT_ROLE_ID and VAULT_SECRET_ID (AppRole), or VAULT_TOKEN',
  );
}

export function readStorageConfig(env: Environment = process.env): StorageConfig {
  const storage = read(storageShape, env);
  return {
    endpoint: storage.S3_ENDPOINT,
    accessKey: storage.S3_ACCESS_KEY,
    secretKey: storage.S3_SECRET_KEY,
    bucket: storage.S3_BUCKET,
    region: storage.S3_REGION,
  };
}

export function readSealingConfig(env: Environment = process.env): SealingConfig {
  const sealing = read(sealingShape, env);
  return {
    origin: sealing.AUDIT_ORIGIN,
    hashScheme: sealing.AUDIT_HASH_SCHEME,
    retentionMs: sealing.AUDIT_RETENTION_DAYS * DAY_MS,
    holdMs: sealing.AUDIT_HOLD_DAYS * DAY_MS,
    tsaUrl: sealing.TSA_URL,
    lateAllowanceMs: sealing.AUDIT_LATE_HOURS * HOUR_MS,
    chunkLimits: { maxRecords: sealing.AUDIT_CHUNK_RECORDS, maxBytes: sealing.AUDIT_CHUNK_BYTES },
  };
}

/** Where workers report jobs, and as whom; without a URL they write the job rows themselves. */
export function readReportingConfig(env: Environment = process.env): {
  readonly url: string | undefined;
  readonly token: string | undefined;
} {
  const reporting = read(reportingShape, env);
  return { url: reporting.JOB_SERVICE_URL, token: reporting.JOB_SERVICE_TOKEN };
}

/** CONFIG_INVALID unless callers are authenticated, or the flag for development says that they are not, on loopback. */
export function readJobServiceConfig(env: Environment = process.env): JobServiceConfig {
  const service = read(jobServiceShape, env);
  const authentication = { keys: service.JOB_SERVICE_KEYS, jwt: jwtOf(service) };
  const authenticated = authentication.keys !== undefined || authentication.jwt !== undefined;
  const insecure = service.JOB_SERVICE_INSECURE_NO_AUTH === 'true';
  if (!authenticated && !insecure) {
    throw invalid(
      'the job service does not know whom to trust: set JOB_SERVICE_KEYS_FILE (hashed keys), or JOB_SERVICE_JWKS_URL with JOB_SERVICE_JWT_ISSUER and JOB_SERVICE_JWT_AUDIENCE; on a developer machine JOB_SERVICE_INSECURE_NO_AUTH=true lets everybody in',
    );
  }
  if (authenticated && insecure)
    throw invalid('JOB_SERVICE_INSECURE_NO_AUTH contradicts the authentication that is set; remove one');
  if (insecure && !LOOPBACK.has(service.HOST))
    throw invalid(`JOB_SERVICE_INSECURE_NO_AUTH needs a loopback HOST, not ${service.HOST}`);
  return {
    host: service.HOST,
    port: service.PORT,
    authentication,
    limits: {
      requestsPerMinute: service.JOB_SERVICE_REQUESTS_PER_MINUTE,
      submissionsPerMinute: service.JOB_SERVICE_SUBMISSIONS_PER_MINUTE,
    },
    idempotencyHours: service.JOB_SERVICE_IDEMPOTENCY_HOURS,
    drainMs: service.JOB_SERVICE_DRAIN_SECONDS * 1000,
  };
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

function invalid(fault: string): SnapshotError {
  return new SnapshotError('CONFIG_INVALID', `configuration: ${fault}`);
}

function jwtOf({
  JOB_SERVICE_JWKS_URL: jwksUrl,
  JOB_SERVICE_JWT_ISSUER: issuer,
  JOB_SERVICE_JWT_AUDIENCE: audience,
}: z.output<z.ZodObject<typeof jobServiceShape>>) {
  const given = [jwksUrl, issuer, audience].filter((value) => value !== undefined);
  if (given.length === 0) return undefined;
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) {
    const names = 'JOB_SERVICE_JWKS_URL, JOB_SERVICE_JWT_ISSUER and JOB_SERVICE_JWT_AUDIENCE';
    throw invalid(`${names} belong together; set all of them`);
  }
  const { protocol, hostname } = new URL(jwksUrl);
  // Whoever answers there decides who gets in.
  if (protocol !== 'https:' && !LOOPBACK.has(hostname.replaceAll(/[[\]]/g, '')))
    throw invalid('JOB_SERVICE_JWKS_URL must be https://');
  return { jwksUrl, issuer, audience };
}

export function readWorkerConfig(env: Environment = process.env): WorkerConfig {
  const worker = read(workerShape, env);
  return {
    processes: worker.WORKER_PROCESSES,
    activitiesAtOnce: worker.WORKER_ACTIVITIES,
    identity: worker.WORKER_IDENTITY,
  };
}

export function readLogLevel(env: Environment = process.env): 'debug' | 'info' | 'warn' | 'error' {
  return read(loggingShape, env).LOG_LEVEL;
}
