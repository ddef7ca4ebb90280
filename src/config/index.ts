import { z } from 'zod';
import { ERROR_CODES } from '../errors';
import { logConfigOf, type LogConfig } from './log';
import { configError, readTogether, type ConfigProblem } from './problems';
import { VARIABLES, type Environment } from './schema';
import { endpointOf, type EndpointAddress } from './endpoint';
import { jobServiceConfigOf, type JobServiceConfig } from './jobService';
import { findSetting, replaceableSecret } from './sources';
import { storageConfigOf, type StorageConfig } from './storage';
import { temporalAddressOf, temporalConfigOf, type TemporalConfig } from './temporal';
import { mongoUriFileProblems, nodeCaFileProblems } from './tlsFiles';
import { unknownVariables } from './unknownVariables';
import { vaultConfigOf, type VaultConfig } from './vault';

export type { EndpointAddress, JobServiceConfig, StorageConfig };

// This room is the configuration. Every setting is declared once in schema.ts; sources.ts looks it up in the environment and
// in the TOML file (file.ts). The functions here read the settings of one part of the product each, when it starts: no other
// room reads the environment, and adapters get plain objects.

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface SealingConfig {
  readonly origin: string;
  /** The collection that is sealed, and the names of its members. */
  readonly source: LogConfig;
  readonly hashScheme: 'bson-sha256/v1' | 'opaque';
  readonly retentionMs: number;
  readonly holdMs: number;
  readonly lateAllowanceMs: number;
  /** How long the live log keeps records; undefined: for ever. */
  readonly logRetentionMs: number | undefined;
  /** URL of an RFC 3161 authority; undefined: no timestamps. */
  readonly tsaUrl: string | undefined;
  /** PEM certificates to trust for the authority, instead of those of Node.js. */
  readonly tsaCa: string | undefined;
  readonly chunkLimits: { readonly maxRecords: number; readonly maxBytes: number };
}
export interface WorkerConfig {
  readonly processes: number;
  /** Of all processes together. A chunk is up to 32 MiB unpacked, so this bounds memory. */
  readonly activitiesAtOnce: number;
  /** Unique among the supervisors that run at once; undefined: generated at every start. */
  readonly identity: string | undefined;
  /** Undefined: neither health nor metrics are served. */
  readonly endpoint: EndpointAddress | undefined;
  /** How long after its end a measurement of the servers is repeated. */
  readonly probeMs: number;
  /** Worker Deployment Versioning of Temporal; undefined: off. Without a build id, it is the version of the product. */
  readonly deployment?:
    | {
        readonly name: string;
        readonly buildId: string | undefined;
        readonly behavior: 'PINNED' | 'AUTO_UPGRADE';
      }
    | undefined;
}

/** Reads one group of settings; the error names every wrong variable at once and never shows a value. */
function read<S extends z.ZodRawShape>(shape: S, env: Environment): z.output<z.ZodObject<S>> {
  const given = Object.fromEntries(
    Object.keys(shape).flatMap((name) => {
      const found = findSetting(name, env);
      return found === undefined || found.value === '' ? [] : [[name, found.value]];
    }),
  );
  const parsed = z.object(shape).safeParse(given);
  const problems = [
    ...unknownVariables(env).map((message) => ({ code: 'CONFIG_INVALID' as const, message })),
    ...nodeCaFileProblems(env),
    ...(parsed.error?.issues ?? []).map((issue) => problemOf(issue, given)),
  ];
  if (!parsed.success || problems.length > 0) throw configError(problems);
  return parsed.data;
}

function problemOf(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): ConfigProblem {
  const name = String(issue.path[0]);
  if (!(name in given)) return { code: 'CONFIG_INVALID', message: `${name} is not set` };
  const custom = issue.code === 'custom';
  const code: unknown = custom ? issue.params?.['code'] : undefined;
  return {
    code: ERROR_CODES.find((known) => known === code) ?? 'CONFIG_INVALID',
    message: `${name} ${custom ? '' : 'is invalid: '}${issue.message}`,
  };
}

/** The address of the database. CONFIG_*. */
export function readDatabaseConfig(env: Environment = process.env): { readonly uri: string } {
  const uri = read(VARIABLES.database, env).MONGODB_URI;
  const problems = mongoUriFileProblems(uri);
  if (problems.length > 0) throw configError(problems);
  return { uri };
}

/** The connection to Temporal, from variables and profile files. CONFIG_*. */
export function readTemporalConfig(env: Environment = process.env): TemporalConfig {
  const { settings } = readTogether({
    settings: () => read(VARIABLES.temporal, env),
    // It may also be in a profile file, so the schema cannot require it.
    address: () => temporalAddressOf(env),
  });
  return temporalConfigOf(settings, env);
}

/** The connection to Vault and the name of the signing key. CONFIG_*. */
export function readVaultConfig(env: Environment = process.env): VaultConfig {
  return vaultConfigOf(read(VARIABLES.vault, env), env);
}

/** The connection to the bucket and its credentials. CONFIG_*. */
export function readStorageConfig(env: Environment = process.env): StorageConfig {
  return storageConfigOf(read({ ...VARIABLES.storage, ...VARIABLES.aws }, env));
}

/** The collection that is sealed, and the names of its members. CONFIG_INVALID. */
export function readLogConfig(env: Environment = process.env): LogConfig {
  return logConfigOf(read(VARIABLES.log, env));
}

/** What sealing decides once for a snapshot: origin, retention, chunk limits, source. CONFIG_*. */
export function readSealingConfig(env: Environment = process.env): SealingConfig {
  const { sealing, source } = readTogether({
    sealing: () => read(VARIABLES.sealing, env),
    source: () => readLogConfig(env),
  });
  return {
    origin: sealing.AUDIT_ORIGIN,
    source,
    hashScheme: sealing.AUDIT_HASH_SCHEME,
    retentionMs: sealing.AUDIT_RETENTION_DAYS * DAY_MS,
    holdMs: sealing.AUDIT_HOLD_DAYS * DAY_MS,
    tsaUrl: sealing.TSA_URL,
    tsaCa: sealing.TSA_CA,
    lateAllowanceMs: sealing.AUDIT_LATE_HOURS * HOUR_MS,
    logRetentionMs: toMs(sealing.AUDIT_LOG_RETENTION_DAYS),
    chunkLimits: { maxRecords: sealing.AUDIT_CHUNK_RECORDS, maxBytes: sealing.AUDIT_CHUNK_BYTES },
  };
}

function toMs(days: number | undefined): number | undefined {
  return days === undefined ? undefined : days * DAY_MS;
}

/** Where workers report outcomes, and the present token; without a URL they write the job rows themselves. */
export function readReportingConfig(env: Environment = process.env): {
  readonly url: string | undefined;
  readonly token: (() => string) | undefined;
} {
  const { JOB_SERVICE_URL: url } = read(VARIABLES.reporting, env);
  return { url, token: replaceableSecret('JOB_SERVICE_TOKEN', env) };
}

/** CONFIG_INVALID unless callers are authenticated, or authentication is turned off for development, on loopback. */
export function readJobServiceConfig(env: Environment = process.env): JobServiceConfig {
  return jobServiceConfigOf(read(VARIABLES.jobService, env));
}

function deploymentOf({
  WORKER_VERSIONING: versioning,
  WORKER_DEPLOYMENT_NAME: name,
  WORKER_BUILD_ID: buildId,
}: z.output<z.ZodObject<typeof VARIABLES.worker>>): WorkerConfig['deployment'] {
  if (versioning === 'off') return undefined;
  return { name, buildId, behavior: versioning === 'pinned' ? 'PINNED' : 'AUTO_UPGRADE' };
}

/** Processes, endpoint and deployment of a worker. CONFIG_*. */
export function readWorkerConfig(env: Environment = process.env): WorkerConfig {
  const { HOST } = VARIABLES.jobService;
  const worker = read({ ...VARIABLES.worker, HOST }, env);
  return {
    endpoint: endpointOf('WORKER_HTTP_PORT', worker.WORKER_HTTP_PORT, worker.HOST),
    probeMs: worker.WORKER_PROBE_SECONDS * 1000,
    processes: worker.WORKER_PROCESSES,
    activitiesAtOnce: worker.WORKER_ACTIVITIES,
    identity: worker.WORKER_IDENTITY,
    deployment: deploymentOf(worker),
  };
}

/** The level of the log of every process. CONFIG_*. */
export function readLogLevel(env: Environment = process.env): 'debug' | 'info' | 'warn' | 'error' {
  return read(VARIABLES.logging, env).LOG_LEVEL;
}
