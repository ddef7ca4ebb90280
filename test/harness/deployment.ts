import { randomUUID } from 'node:crypto';
import type { Environment, Variables } from '../../dev/stack/serverName';
import {
  readDatabaseConfig,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readVaultConfig,
} from '../../src/config';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import { connectSigner } from '../../src/vault/vaultSigner';
import type { DepsConfig } from '../../src/worker/compose';

/** A name that no other deployment, test file or run on the shared servers has. */
export function uniqueName(prefix: string): string {
  return `${prefix}${randomUUID().slice(0, 8)}`;
}

/** The MONGODB_URI of a database on the server that `env` names. */
export function databaseUri(name: string, env: Environment = process.env): string {
  const uri = new URL(env['MONGODB_URI'] ?? '');
  uri.pathname = `/${name}`;
  return uri.href;
}

/** The variables of a deployment of its own on shared servers: database, bucket, task queue and origin. */
export function deploymentVariables(name: string, env: Environment = process.env): Variables {
  return {
    MONGODB_URI: databaseUri(name, env),
    S3_BUCKET: name,
    TEMPORAL_TASK_QUEUE: name,
    AUDIT_ORIGIN: `test.example/${name}`,
  };
}

/** What a worker needs to connect to its servers, Temporal excepted. */
export function readDeploymentConfig(env: Environment = process.env): DepsConfig {
  return {
    database: readDatabaseConfig(env),
    storage: readStorageConfig(env),
    vault: readVaultConfig(env),
    sealing: readSealingConfig(env),
    jobService: readReportingConfig(env),
  };
}

/** The trust file that pins the keys of a deployment, as Vault lists them. */
export async function readTrust(env: Environment = process.env): Promise<TrustFile> {
  const signer = await connectSigner(readVaultConfig(env));
  return makeTrustFile(readSealingConfig(env).origin, await signer.listKeys());
}
