import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callVault } from '../../dev/stack/servers/vaultApi';

/** The test stack's Vault with its root token: for keys and policies that the product itself may not change. */
export interface VaultAsRoot {
  readonly token: string;
  createKey(name: string, options: object): Promise<void>;
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
}

export function vaultAsRoot(): VaultAsRoot {
  const file = join(process.env['TEST_STACK_DIRECTORY']!, 'bao', 'keys.json');
  const { rootToken: token } = JSON.parse(readFileSync(file, 'utf8')) as { rootToken: string };
  const address = process.env['VAULT_ADDR']!;
  const call = (method: 'GET' | 'POST', path: string, body?: object) =>
    callVault({ address, token, method, path, ...(body === undefined ? {} : { body }) });
  return {
    token,
    call,
    createKey: async (name, options) => void (await call('POST', `transit/keys/${name}`, options)),
  };
}
