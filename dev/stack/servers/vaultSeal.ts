import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SnapshotError } from '../../../src/errors';
import { readJsonFile, writePrivateFile } from '../stackDirectory';
import { callVault, readHealth } from './vaultApi';

const POLL_MS = 50;
const ACTIVE_TIMEOUT_MS = 30_000;

interface Keys {
  readonly unsealKey: string;
  readonly rootToken: string;
}

const keysPath = (folder: string) => join(folder, 'keys.json');
/** Exists from before the initialisation until its keys are on disk. */
const pendingPath = (folder: string) => join(folder, 'initialisation.pending');

/** A crash between initialisation and storing the keys leaves data that can never be unsealed: it is removed. */
export function discardUnsealable(folder: string, dataFolder: string): void {
  if (!existsSync(pendingPath(folder))) return;
  if (!existsSync(keysPath(folder))) rmSync(dataFolder, { recursive: true, force: true });
  rmSync(pendingPath(folder), { force: true });
}

/** Initialises once with one key share, unseals, waits until the server is active; returns the root token. */
export async function openVault(address: string, folder: string): Promise<string> {
  const health = await readHealth(address);
  const keys = health.initialized ? readKeys(folder) : await initialise(address, folder);
  if (health.sealed) {
    await callVault({ address, method: 'POST', path: 'sys/unseal', body: { key: keys.unsealKey } });
  }
  const deadline = Date.now() + ACTIVE_TIMEOUT_MS;
  while (!isActive(await readHealth(address))) {
    if (Date.now() > deadline)
      throw new SnapshotError('SIGNER_FAILED', `Vault at ${address} stays sealed or standby`);
    await delay(POLL_MS);
  }
  return keys.rootToken;
}

/** Initialised, unsealed and the active node. */
export function isActive(health: { initialized: boolean; sealed: boolean; standby: boolean }): boolean {
  return health.initialized && !health.sealed && !health.standby;
}

async function initialise(address: string, folder: string): Promise<Keys> {
  writePrivateFile(pendingPath(folder), '');
  const answer = await callVault<{ keys_base64: readonly string[]; root_token: string }>({
    address,
    method: 'POST',
    path: 'sys/init',
    body: { secret_shares: 1, secret_threshold: 1 },
  });
  const [unsealKey] = answer?.keys_base64 ?? [];
  if (answer === undefined || unsealKey === undefined) {
    throw new SnapshotError('SIGNER_FAILED', `Vault at ${address} initialised without giving a key`);
  }
  const keys = { unsealKey, rootToken: answer.root_token };
  writePrivateFile(keysPath(folder), `${JSON.stringify(keys, null, 2)}\n`);
  rmSync(pendingPath(folder), { force: true });
  return keys;
}

function readKeys(folder: string): Keys {
  const keys = readJsonFile(keysPath(folder)) as Keys | undefined;
  if (keys !== undefined) return keys;
  throw new SnapshotError(
    'SIGNER_FAILED',
    `${keysPath(folder)} is gone and nothing else unseals ${folder}; put it back, or start over with "stack clean"`,
  );
}
