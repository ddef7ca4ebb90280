import { connectDatabase, ensureIndexes, missingIndexes } from '../mongo/connection';
import { connectObjectStore } from '../storage/minioObjectStore';
import { probeLock } from '../storage/lockProbe';
import { connectTemporal, missingSearchAttributes, registerSearchAttributes } from '../temporal/connection';
import { connectSigner } from '../vault/vaultSigner';
import {
  readDatabaseConfig,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../config';
import { parseCheckpoint, parseNote } from '../tlog/note';
import { verifyEd25519 } from '../tlog/ed25519';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import { judgeClock, offsetOfServer } from './clockOffset';
import type { Diagnosis } from './diagnosis';

type Check = (fix: boolean) => Promise<readonly Diagnosis[]>;

export const CHECKS: readonly (readonly [string, Check])[] = [
  ['database', checkDatabase],
  ['storage', checkStorage],
  ['object lock', checkLock],
  ['ledger', checkLedger],
  ['signing key', checkSigner],
  ['Temporal', checkTemporal],
  ['job service', checkJobService],
];

async function checkDatabase(fix: boolean): Promise<readonly Diagnosis[]> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const before = Date.now();
    const hello = await connection.db?.admin().command({ hello: 1 });
    const here = (before + Date.now()) / 2;
    const offsetMs = hello && (hello['localTime'] as Date).getTime() - here;
    // A document of its own, written as everything is written and taken away again.
    const probes = connection.collection('doctor');
    const { insertedId } = await probes.insertOne({ at: new Date() });
    await probes.deleteOne({ _id: insertedId });
    const missing = await missingIndexes(connection);
    if (fix && missing.length > 0) await ensureIndexes(connection);
    return [
      { check: 'database', state: 'ok', found: `reached and writable, database ${connection.name}` },
      judgeClock('clock of the database', offsetMs),
      missing.length === 0 || fix
        ? {
            check: 'indexes',
            state: 'ok',
            found: missing.length === 0 ? 'all there' : `made: ${missing.join(', ')}`,
          }
        : {
            check: 'indexes',
            state: 'warn',
            found: `missing: ${missing.join(', ')}`,
            advice: 'a worker makes them when it starts; or: audit-snapshot doctor --fix',
          },
    ];
  } finally {
    await connection.close();
  }
}

async function checkStorage(): Promise<readonly Diagnosis[]> {
  const config = readStorageConfig();
  await connectObjectStore(config).checkBucket();
  return [
    { check: 'storage', state: 'ok', found: `bucket ${config.bucket} has Object Lock` },
    judgeClock('clock of the storage', await offsetOfServer(config.endpoint)),
  ];
}

async function checkLock(): Promise<readonly Diagnosis[]> {
  const results = await probeLock(readStorageConfig(), Date.now());
  return results.map(({ promise, kept, found }) => ({
    check: 'object lock',
    state: kept ? 'ok' : 'fail',
    found: `${promise} (${found})`,
    ...(kept ? {} : { advice: 'this storage does not keep what is written; do not seal into it' }),
  }));
}

async function checkLedger(): Promise<readonly Diagnosis[]> {
  const stored = await connectObjectStore(readStorageConfig()).get(
    LEDGER_CHECKPOINT_KEY,
    MAX_CHECKPOINT_BYTES,
  );
  const { origin } = readSealingConfig();
  if (!stored) return [{ check: 'ledger', state: 'ok', found: `none yet; it will be that of ${origin}` }];
  const head = parseCheckpoint(parseNote(stored.body).text);
  const found = `${head.size} snapshots of ${head.origin}`;
  if (head.origin === origin) return [{ check: 'ledger', state: 'ok', found }];
  const advice = `AUDIT_ORIGIN is ${origin}: one bucket holds the ledger of one origin`;
  return [{ check: 'ledger', state: 'fail', found, advice }];
}

/** Neither a manifest nor a checkpoint, so that nobody can take its signature for one. */
const PROBE = Buffer.from('audit-snapshot doctor: may this process sign?');

async function checkSigner(): Promise<readonly Diagnosis[]> {
  const config = readVaultConfig();
  const signer = await connectSigner(config);
  const keys = await signer.listKeys();
  const versions = keys.map(({ version }) => version).join(', ');
  const newest = keys.at(-1);
  const signs = newest && verifyEd25519(newest.publicKey, PROBE, await signer.sign(PROBE, newest.version));
  return [
    { check: 'signing key', state: 'ok', found: `${config.key}, versions ${versions}` },
    signs === true
      ? { check: 'signing key', state: 'ok', found: 'signs, and the signature verifies' }
      : { check: 'signing key', state: 'fail', found: 'its signature does not verify under its public key' },
    judgeClock('clock of Vault', await offsetOfServer(new URL('/v1/sys/health', config.address).href)),
  ];
}

async function checkTemporal(fix: boolean): Promise<readonly Diagnosis[]> {
  const config = readTemporalConfig();
  const { connection } = await connectTemporal(config);
  try {
    const missing = await missingSearchAttributes(connection, config.namespace);
    if (fix) await registerSearchAttributes(connection, config.namespace);
    const names = missing.map(([name]) => name).join(', ');
    const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
    return [
      { check: 'Temporal', state: 'ok', found: `${config.address}, namespace ${config.namespace}` },
      missing.length === 0 || fix
        ? {
            check: 'search attributes',
            state: 'ok',
            found: missing.length === 0 ? 'all there' : `made: ${names}`,
          }
        : {
            check: 'search attributes',
            state: 'fail',
            found: `missing: ${names}`,
            advice: `audit-snapshot doctor --fix; or: temporal operator search-attribute create --namespace ${config.namespace} ${flags}`,
          },
    ];
  } finally {
    await connection.close();
  }
}

const ANSWER_MS = 5_000;

async function checkJobService(): Promise<readonly Diagnosis[]> {
  const check = 'job service';
  const { url, token } = readReportingConfig();
  if (url === undefined)
    return [{ check, state: 'ok', found: 'none; workers write the job rows themselves' }];
  const advice = 'workers report there when a job has ended; look at its log';
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(ANSWER_MS) }).catch(
    () => undefined,
  );
  if (!response?.ok)
    return [
      {
        check,
        state: 'fail',
        found: `${url} ${response ? `answers ${response.status}` : 'does not answer'}`,
        advice,
      },
    ];
  const found = `${url} is ready`;
  if (token !== undefined) return [{ check, state: 'ok', found }];
  return [{ check, state: 'warn', found, advice: 'JOB_SERVICE_TOKEN is not set: reports may be refused' }];
}
