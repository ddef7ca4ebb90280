import { probeLock } from '../adapters/lockProbe';
import { connectObjectStore } from '../adapters/minioObjectStore';
import { connectDatabase, missingIndexes } from '../adapters/mongoConnection';
import { connectTemporal, missingSearchAttributes } from '../adapters/temporalConnection';
import { connectSigner } from '../adapters/vaultSigner';
import {
  readDatabaseConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../config';
import { SnapshotError, messageOf } from '../errors';
import { parseCheckpoint } from '../evidence/checkpoint';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/ledgerTree';
import { parseNote } from '../evidence/note';
import { EXIT, type Output } from './output';

interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

type Check = () => Promise<readonly Finding[]>;

const CHECKS: readonly (readonly [string, Check])[] = [
  ['database', checkDatabase],
  ['storage', checkStorage],
  ['object lock', checkLock],
  ['ledger', checkLedger],
  ['signing key', checkSigner],
  ['Temporal', checkTemporal],
];

/** Looks at every server, permission and promise that sealing rests on. Exit code 1 when something fails. */
export async function doctor(options: { readonly json?: boolean }, output: Output): Promise<number> {
  const findings: Finding[] = [];
  for (const [check, run] of CHECKS) {
    const found = await run().catch((error: unknown) => [failed(check, error)]);
    findings.push(...found);
    if (options.json !== true) for (const finding of found) output.result(describe(finding));
  }
  if (options.json === true) output.result(JSON.stringify({ findings }));
  return findings.some(({ state }) => state === 'fail') ? EXIT.error : EXIT.ok;
}

function failed(check: string, error: unknown): Finding {
  const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
  return { check, state: 'fail', found: `${code}: ${messageOf(error)}` };
}

function describe({ check, state, found, advice }: Finding): string {
  const line = `[${state}]`.padEnd(7) + `${check}: ${found}`;
  return advice === undefined ? line : `${line}\n       ${advice}`;
}

async function checkDatabase(): Promise<readonly Finding[]> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const missing = await missingIndexes(connection);
    return [
      { check: 'database', state: 'ok', found: `reached, database ${connection.name}` },
      missing.length === 0
        ? { check: 'indexes', state: 'ok', found: 'all there' }
        : {
            check: 'indexes',
            state: 'warn',
            found: `missing: ${missing.join(', ')}`,
            advice: 'a worker makes them when it starts',
          },
    ];
  } finally {
    await connection.close();
  }
}

async function checkStorage(): Promise<readonly Finding[]> {
  const config = readStorageConfig();
  await connectObjectStore(config).checkBucket();
  return [{ check: 'storage', state: 'ok', found: `bucket ${config.bucket} has Object Lock` }];
}

async function checkLock(): Promise<readonly Finding[]> {
  const results = await probeLock(readStorageConfig(), Date.now());
  return results.map(({ promise, kept, found }) => ({
    check: 'object lock',
    state: kept ? 'ok' : 'fail',
    found: `${promise} (${found})`,
    ...(kept ? {} : { advice: 'this storage does not keep what is written; do not seal into it' }),
  }));
}

async function checkLedger(): Promise<readonly Finding[]> {
  const stored = await connectObjectStore(readStorageConfig()).get(LEDGER_CHECKPOINT_KEY, 1 << 16);
  const { origin } = readSealingConfig();
  if (!stored) return [{ check: 'ledger', state: 'ok', found: `none yet; it will be that of ${origin}` }];
  const head = parseCheckpoint(parseNote(stored.body).text);
  const found = `${head.size} snapshots of ${head.origin}`;
  if (head.origin === origin) return [{ check: 'ledger', state: 'ok', found }];
  const advice = `AUDIT_ORIGIN is ${origin}: one bucket holds the ledger of one origin`;
  return [{ check: 'ledger', state: 'fail', found, advice }];
}

async function checkSigner(): Promise<readonly Finding[]> {
  const config = readVaultConfig();
  const keys = await (await connectSigner(config)).listKeys();
  const versions = keys.map(({ version }) => version).join(', ');
  return [{ check: 'signing key', state: 'ok', found: `${config.key}, versions ${versions}` }];
}

async function checkTemporal(): Promise<readonly Finding[]> {
  const config = readTemporalConfig();
  const { connection } = await connectTemporal(config);
  try {
    const missing = await missingSearchAttributes(connection, config.namespace);
    const names = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
    return [
      { check: 'Temporal', state: 'ok', found: `${config.address}, namespace ${config.namespace}` },
      missing.length === 0
        ? { check: 'search attributes', state: 'ok', found: 'all there' }
        : {
            check: 'search attributes',
            state: 'fail',
            found: `missing: ${missing.map(([name]) => name).join(', ')}`,
            advice: `temporal operator search-attribute create --namespace ${config.namespace} ${names}`,
          },
    ];
  } finally {
    await connection.close();
  }
}
